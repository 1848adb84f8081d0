/**
 * Jest runs tests in a realm of their own, but with the `structuredClone` of the realm around it.
 * What that makes is of foreign classes, and the SDK's MemorySession refuses objects of any class:
 * in Jest it would find that no suffix matches. So here it makes what it makes in an application.
 */
export function cloneInOwnRealm(): void {
  const cloneForeign = globalThis.structuredClone;
  globalThis.structuredClone = (value, options) => adopt(cloneForeign(value, options));
}

const prototypes: Readonly<Record<string, object>> = {
  Object: Object.prototype,
  Array: Array.prototype,
  Map: Map.prototype,
  Set: Set.prototype,
  Date: Date.prototype,
  Error: Error.prototype,
  RegExp: RegExp.prototype,
};

function adopt<Value>(value: Value, adopted = new Set<unknown>()): Value {
  if (typeof value !== 'object' || value === null || adopted.has(value)) return value;
  if (ArrayBuffer.isView(value)) return value;
  adopted.add(value);
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  const prototype = prototypes[kind];
  if (prototype) Object.setPrototypeOf(value, prototype);
  for (const key of Reflect.ownKeys(value)) adopt(Reflect.get(value, key), adopted);
  return value;
}
