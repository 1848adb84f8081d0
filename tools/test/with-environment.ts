/** Runs a task under other environment variables; `undefined` unsets one. */
export async function withEnvironment<Result>(
  variables: Readonly<Record<string, string | undefined>>,
  task: () => Promise<Result>,
): Promise<Result> {
  const before = Object.fromEntries(
    Object.keys(variables).map((name) => [name, process.env[name]]),
  );
  assign(variables);
  try {
    return await task();
  } finally {
    assign(before);
  }
}

function assign(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
