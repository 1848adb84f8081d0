import { type Relay, startRelay } from '../../../tools/relay.ts';

/** Stands between a client and Redis, and cuts the connection when it is told to. */
export interface LosingProxy extends Relay {
  /** How many connections it has cut, each at a commit. */
  readonly lost: number;
  /** Cuts the connection instead of passing on the answer to the next commit. */
  loseNextAnswer(options?: LossOptions): void;
  /** Cuts the connection instead of passing on the next commit. */
  loseNextCommit(options?: LossOptions): void;
}

export interface LossOptions {
  /** Never connect again. */
  readonly andStayAway?: boolean;
  /** Called at the loss, before the connection is cut. */
  readonly onLoss?: () => void;
}

export async function startLosingProxy(serverUrl: string): Promise<LosingProxy> {
  let plan: (LossOptions & { readonly what: 'commit' | 'answer' }) | undefined;
  let staysAway = false;
  let lost = 0;

  const relay = await startRelay(serverUrl, (client, server) => {
    if (staysAway) {
      client.destroy();
      return;
    }
    let losesAnswer = false;
    const lose = () => {
      lost += 1;
      staysAway = plan?.andStayAway ?? false;
      plan?.onLoss?.();
      plan = undefined;
      client.destroy();
      server.destroy();
    };
    client.on('data', (chunk) => {
      if (plan && chunk.includes('EVALSHA')) {
        if (plan.what === 'commit') {
          lose();
          return;
        }
        losesAnswer = true;
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (losesAnswer) lose();
      else client.write(chunk);
    });
  });

  return {
    ...relay,
    get lost() {
      return lost;
    },
    loseNextAnswer(options) {
      plan = { ...options, what: 'answer' };
    },
    loseNextCommit(options) {
      plan = { ...options, what: 'commit' };
    },
  };
}
