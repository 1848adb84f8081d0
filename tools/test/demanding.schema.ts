import Type, { type Static } from 'typebox';

/** What no validator can judge without typebox. */
export const Name = Type.String({ minLength: 1 });
export type Name = Static<typeof Name>;
