import { slotOf } from './cluster-slot.ts';
import { quietDuplicate } from './duplicate.ts';
import { OwnConnection } from './own-connection.ts';
import {
  type ClusterClient,
  type ClusterNode,
  type RunCommand,
  runOn,
  type TiedConnection,
} from './redis-client.ts';
import { redirectionOf } from './redis-errors.ts';
import type { Sending } from './sending.ts';

/** More than a slot moves while a command is on its way. */
const mostRedirections = 8;

/**
 * Connections of our own to the nodes of a cluster, one each. The client's own way follows a slot that
 * moves command by command, so that a question may go to another node than what was written.
 */
export class ClusterConnections implements TiedConnection {
  readonly #client: ClusterClient;
  readonly #connectTimeoutMs: number;
  /** By the id of the node. */
  readonly #connections = new Map<string, OwnConnection>();

  constructor(client: ClusterClient, connectTimeoutMs: number) {
    this.#client = client;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  async use<T>(key: string, work: (run: RunCommand) => Promise<T>, sending: Sending): Promise<T> {
    let node = this.#nodeServing(key);
    let isAsked = false;
    for (let redirections = 0; ; redirections += 1) {
      const connection = this.#connectionTo(node);
      try {
        return await connection.use((client) => {
          const run = runOn(client, sending);
          return work(isAsked ? asking(run) : run);
        }, sending);
      } catch (error) {
        const redirection = redirectionOf(error);
        if (!redirection || redirections === mostRedirections) throw error;
        isAsked = redirection.isAsked;
        // It learns of what has moved when it is sent elsewhere itself.
        if (!isAsked) await this.#client.json.get(key, { path: ['$.session_id'] });
        const asked = isAsked ? this.#client.nodeByAddress.get(redirection.address) : undefined;
        node = asked ?? this.#nodeServing(key);
      }
    }
  }

  async close(deadlineMs: number): Promise<void> {
    await Promise.all([...this.#connections.values()].map((each) => each.close(deadlineMs)));
  }

  #nodeServing(key: string): ClusterNode {
    const node = this.#client.slots[slotOf(key)]?.master;
    if (node) return node;
    throw new Error('Cannot find node of the slot.');
  }

  #connectionTo(node: ClusterNode): OwnConnection {
    const known = this.#connections.get(node.id);
    if (known) return known;
    const connection = new OwnConnection({
      createClient: async () => quietDuplicate(await this.#client.nodeClient(node)),
      connectTimeoutMs: this.#connectTimeoutMs,
    });
    this.#connections.set(node.id, connection);
    return connection;
  }
}

/** A node that is about to get a slot serves it to those who say before each command that they were sent. */
function asking(run: RunCommand): RunCommand {
  return (args) => {
    const asked = run(['ASKING']);
    const answer = run(args);
    return Promise.all([answer, asked]).then(([first]) => first);
  };
}
