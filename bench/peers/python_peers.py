"""Times the real packages of Python for a benchmark in another language.

Reads one JSON command a line and answers each with one JSON line, {"result": ...} or {"error": "..."}:

    {"call": "run", "peer": ..., "operation": {"kind": ..., "messages": n}, "times": n,
     "sessions": [{"id": ..., "length": n, "messages": [[...], ...]}]}   -> {"latenciesMs": [...], "totalMs": ...}
    {"call": "contents", "peer": ..., "session": ...}       -> [content, ...]

`messages` of a session is what each call adds. The clock is this process's own.
"""

import asyncio
import json
import sys
import time

from agents.extensions.memory import RedisSession
from redis.asyncio import Redis
from redis_openai_agents import JSONSession


class JSONSessionPeer:
    """redis_openai_agents.JSONSession: a connection for each session, messages one by one."""

    def __init__(self, url, ttl):
        self.url, self.ttl, self.sessions = url, ttl, {}

    def session(self, name):
        if name not in self.sessions:
            self.sessions[name] = JSONSession(name, "ada", self.url, self.ttl)
        return self.sessions[name]

    async def append(self, name, messages):
        session = self.session(name)
        for message in messages:
            await session.add_message(message["role"], message["content"], None, message["tokens"])

    async def last(self, name, count):
        return await self.session(name).get_messages(limit=count)

    async def all(self, name):
        return await self.session(name).get_messages()

    async def close(self):
        for session in self.sessions.values():
            await session.close()


class RedisSessionPeer:
    """agents.extensions.memory.RedisSession, its sessions on one client."""

    def __init__(self, url, ttl):
        self.client, self.ttl, self.sessions = Redis.from_url(url), ttl, {}

    def session(self, name):
        if name not in self.sessions:
            self.sessions[name] = RedisSession(name, redis_client=self.client, ttl=self.ttl)
        return self.sessions[name]

    async def append(self, name, messages):
        items = [{"role": each["role"], "content": each["content"]} for each in messages]
        await self.session(name).add_items(items)

    async def last(self, name, count):
        return await self.session(name).get_items(count)

    async def all(self, name):
        return await self.session(name).get_items()

    async def close(self):
        await self.client.aclose()


async def run(peer, operation, times, sessions):
    latencies = []

    async def converse(session):
        kind, count = operation["kind"], operation["messages"]
        for index in range(times):
            start = time.perf_counter()
            if kind == "append":
                await peer.append(session["id"], session["messages"][index])
            elif kind == "last":
                read, expected = await peer.last(session["id"], count), count
            else:
                read, expected = await peer.all(session["id"]), session["length"]
            latencies.append((time.perf_counter() - start) * 1000)
            assert kind == "append" or len(read) == expected, f"{len(read)} of {expected} messages"

    beginning = time.perf_counter()
    await asyncio.gather(*(converse(session) for session in sessions))
    return {"latenciesMs": latencies, "totalMs": (time.perf_counter() - beginning) * 1000}


async def answer(peers, command):
    peer = peers[command["peer"]]
    if command["call"] == "run":
        return await run(peer, command["operation"], command["times"], command["sessions"])
    return [message["content"] for message in await peer.all(command["session"])]


async def serve(url, ttl):
    peers = {"JSONSession": JSONSessionPeer(url, ttl), "RedisSession": RedisSessionPeer(url, ttl)}
    for line in iter(sys.stdin.readline, ""):
        try:
            reply = {"result": await answer(peers, json.loads(line))}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
    for peer in peers.values():
        await peer.close()


asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
