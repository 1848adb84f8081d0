/** Who may speak. */
export const roles = ['user', 'assistant', 'system', 'developer', 'tool'] as const;
export type Role = (typeof roles)[number];

/** A role that a stored message has: other programs, such as the Python class, write any. */
export type AnyRole = Role | (string & {});
