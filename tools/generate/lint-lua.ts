import { type Expression, type Identifier, type Node, parse, type Statement } from 'luaparse';

/** What a script may use, beside its locals, of Redis and of Lua's own library. */
const globals = new Set([
  ...['KEYS', 'ARGV', 'redis', 'cjson', 'string', 'table', 'math', 'tonumber', 'tostring'],
  ...['type', 'ipairs', 'pairs', 'next', 'pcall', 'error', 'select', 'unpack'],
]);

/**
 * What is wrong with a script, as `line: fault`: what is no Lua 5.1, globals that are not there,
 * and locals that nobody reads. Redis finds the first when a script is loaded, the second when it
 * comes to that line, and the third never.
 */
export function lintLua(text: string): string[] {
  try {
    const linter = new Linter();
    linter.block([parse(text, { luaVersion: '5.1', locations: true })]);
    return linter.faults;
  } catch (error) {
    // luaparse begins with `[line:column]`.
    return [String(error).replace(/^SyntaxError: \[(?<line>\d+):\d+\]/, '$<line>:')];
  }
}

interface Local {
  readonly declaration: Identifier;
  isRead: boolean;
}

class Linter {
  readonly faults: string[] = [];
  readonly #scopes: Map<string, Local>[] = [];

  /** What stands in a scope of its own. */
  block(nodes: readonly Node[], declared: readonly Node[] = []): void {
    const scope = new Map<string, Local>();
    this.#scopes.push(scope);
    for (const node of declared) this.#declare(node);
    for (const node of nodes) this.#visit(node);
    this.#scopes.pop();
    for (const local of scope.values()) this.#checkRead(local);
  }

  #visit(node: Node): void {
    switch (node.type) {
      case 'Identifier':
        return this.#read(node);
      case 'MemberExpression':
        return this.#visit(node.base);
      case 'TableKeyString':
        return this.#visit(node.value);
      case 'LocalStatement':
        node.init.forEach((value) => this.#visit(value));
        return node.variables.forEach((variable) => this.#declare(variable));
      case 'AssignmentStatement':
        node.init.forEach((value) => this.#visit(value));
        return node.variables.forEach((variable) => this.#assign(variable));
      case 'FunctionDeclaration':
        if (node.identifier && node.isLocal) this.#declare(node.identifier);
        else if (node.identifier) this.#assign(node.identifier);
        return this.block(node.body, node.parameters);
      case 'ForNumericStatement':
        [node.start, node.end, ...(node.step ? [node.step] : [])].forEach((part) =>
          this.#visit(part),
        );
        return this.block(node.body, [node.variable]);
      case 'ForGenericStatement':
        node.iterators.forEach((iterator) => this.#visit(iterator));
        return this.block(node.body, node.variables);
      case 'RepeatStatement':
        return this.block([...node.body, node.condition]);
      default:
        return this.#visitParts(node);
    }
  }

  /** Of all others what they consist of, and their body as a block. */
  #visitParts(node: Node): void {
    for (const [name, part] of Object.entries<unknown>({ ...node })) {
      if (name === 'body' && Array.isArray(part)) this.block(part.filter(isNode));
      else for (const each of [part].flat()) if (isNode(each)) this.#visit(each);
    }
  }

  #declare(node: Node): void {
    if (node.type !== 'Identifier') return;
    const scope = this.#scopes.at(-1);
    const before = scope?.get(node.name);
    if (before) this.#checkRead(before);
    scope?.set(node.name, { declaration: node, isRead: false });
  }

  #assign(target: Expression | Statement): void {
    if (target.type !== 'Identifier') this.#visit(target);
    else if (!this.#find(target)) this.#say(target, `${target.name} is set, and is no local`);
  }

  #read(name: Identifier): void {
    const local = this.#find(name);
    if (local) local.isRead = true;
    else if (!globals.has(name.name)) this.#say(name, `${name.name} is not there`);
  }

  #find({ name }: Identifier): Local | undefined {
    return this.#scopes.findLast((scope) => scope.has(name))?.get(name);
  }

  #checkRead({ declaration, isRead }: Local): void {
    if (isRead || declaration.name === '_') return;
    this.#say(declaration, `${declaration.name} is never read`);
  }

  #say(node: Node, fault: string): void {
    this.faults.push(`${node.loc?.start.line ?? 0}: ${fault}`);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
