import { request } from 'node:http';

const image = 'redis:8';
const port = 6379;

export interface DockerRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the Redis of a Docker image. @throws Error where no Docker engine answers */
export async function startDockerRedis(log: (line: string) => void): Promise<DockerRedis> {
  const problem = await dockerProblem();
  if (problem !== undefined) throw new Error(problem);
  // Loading it takes half a second, which those without Docker need not wait for.
  const { GenericContainer, Wait } = await import('testcontainers');
  const notice = setTimeout(() => log(`Docker is fetching ${image}, or starting it`), 3000);
  const container = await new GenericContainer(image)
    .withExposedPorts(port)
    .withCommand(['redis-server', '--save', '', '--appendonly', 'no'])
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start()
    .finally(() => clearTimeout(notice));
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(port)}`,
    stop: async () => {
      await container.stop();
    },
  };
}

/** Why Docker cannot be used here; undefined when an engine answers. */
export async function dockerProblem(): Promise<string | undefined> {
  const host = process.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock';
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (url?.protocol === 'unix:') return pingProblem(host, { socketPath: url.pathname });
  if (url?.protocol === 'tcp:') {
    return pingProblem(host, { host: url.hostname, port: url.port || 2375 });
  }
  return `DOCKER_HOST is ${host}, and only unix: and tcp: are supported`;
}

type Address =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: string | number };

function pingProblem(name: string, address: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const ping = request({ ...address, path: '/_ping', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? undefined : `${name} answered ${response.statusCode}`);
    });
    ping.on('timeout', () => ping.destroy(new Error('no answer in 2 s')));
    ping.on('error', (error) => resolve(`no Docker engine at ${name}: ${error.message}`));
    ping.end();
  });
}
