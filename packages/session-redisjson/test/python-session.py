"""Calls redis_openai_agents.JSONSession for a test in another language.

Reads one JSON command a line, {"session": name, "call": method, "args": {...}}, and answers each
with one JSON line, {"result": ...} or {"error": "..."}. "open" and "load" make a session and give
it the name; every other call is a method of the session that has the name.
"""

import asyncio
import json
import sys

from redis_openai_agents import JSONSession

sessions = {}


async def answer(command):
    name, call, args = command["session"], command["call"], command["args"]
    if call == "open":
        sessions[name] = JSONSession(**args)
        return None
    if call == "load":
        sessions[name] = await JSONSession.load(**args)
        return sessions[name].user_id
    return await getattr(sessions[name], call)(**args)


async def serve():
    for line in iter(sys.stdin.readline, ""):
        try:
            reply = {"result": await answer(json.loads(line))}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
    for session in sessions.values():
        await session.close()


asyncio.run(serve())
