/** Who may speak. */
export const roles = ['user', 'assistant', 'system', 'developer', 'tool'] as const;
export type Role = (typeof roles)[number];
