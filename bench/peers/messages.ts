/** What is said in the conversations of the benchmark. The same for every peer. */
export interface SaidMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  readonly tokens: number;
}

/** The usual length of a message, in characters: a paragraph. */
export const usualCharacters = 500;

/** Sessions end a day after their last write, where a peer can do that. */
export const ttlSeconds = 86_400;

/** The message at a place of a conversation. */
export function messageAt(index: number, characters = usualCharacters, topic = ''): SaidMessage {
  const beginning = `${topic}${index}: `;
  const text = 'All work and no play makes a dull benchmark. ';
  return {
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: (beginning + text.repeat(Math.ceil(characters / text.length))).slice(0, characters),
    tokens: Math.ceil(characters / 4),
  };
}

/** What is said in a conversation from its beginning. */
export interface Talk {
  /** Number of messages. */
  readonly length: number;
  /** Of each message. @defaultValue {@link usualCharacters} */
  readonly characters?: number;
  /** Makes it unlike what is said elsewhere: RedisJSON keeps equal texts once. @defaultValue none */
  readonly topic?: string;
}

export function messagesIn({ length, characters, topic }: Talk): SaidMessage[] {
  return Array.from({ length }, (_, index) => messageAt(index, characters, topic));
}

/** The messages of a conversation from one place to another. */
export function messagesOf(from: number, to: number): SaidMessage[] {
  return Array.from({ length: to - from }, (_, index) => messageAt(from + index));
}
