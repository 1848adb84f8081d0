// One peer in a process of its own, as in an application: `program.ts NAME PLACE`. Answers each line
// of JSON, {"call": "fill" | "run" | "contents", …}, with one.
import { createInterface } from 'node:readline';

import Type from 'typebox';
import { Compile } from 'typebox/schema';

import { reasonOf } from '../../tools/reason.ts';
import { catalogue } from './catalogue.ts';
import type { Talk } from './messages.ts';
import type { Work } from './peer.ts';

const Command = Compile(
  Type.Union([
    Type.Object({
      call: Type.Literal('fill'),
      session: Type.String(),
      talk: Type.Unsafe<Talk>(Type.Object({ length: Type.Integer() })),
    }),
    Type.Object({ call: Type.Literal('run'), work: Type.Unsafe<Work>(Type.Object({})) }),
    Type.Object({ call: Type.Literal('contents'), session: Type.String() }),
  ]),
);

const [name = '', place = ''] = process.argv.slice(2);
const entry = catalogue[name];
if (!entry) throw new TypeError(`There is no peer ${name}.`);
const peer = await entry.open(place);

async function answer(command: unknown): Promise<unknown> {
  if (!Command.Check(command)) throw new TypeError('It is none of the commands.');
  if (command.call === 'run') return peer.run(command.work);
  if (command.call === 'contents') return peer.contents(command.session);
  await peer.fill(command.session, command.talk);
  return null;
}

for await (const line of createInterface(process.stdin)) {
  try {
    const result = await answer(JSON.parse(line));
    process.stdout.write(`${JSON.stringify({ result })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: reasonOf(error) })}\n`);
  }
}
await peer.close();
