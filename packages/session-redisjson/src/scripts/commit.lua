-- Commits a change to one session's document, or says why not; see `SessionStore.commit`.
--
-- First it decides, and for that it only reads. Then it asks whether it may do what it is about to do.
-- Then it writes, and by then nothing is left that could refuse. What messages and values say stays
-- opaque text: cjson would make `{}` of `[]` and lose digits.
--
--     KEYS[1]  the session's key
--     ARGV[1]  hash of the operation's id, under which it is remembered
--         [2]  fingerprint of the change
--         [3]  session id                      [4]  user id, '' for any
--         [5]  now, in seconds                 [6]  TTL in milliseconds, '' as it is
--         [7]  epoch of a new session          [8]  agent, '' for none
--         [9]  tokens of the new messages     [10]  id of the last of them, '' for none
--        [11]  what most commits do not have, '' for nothing; else a JSON object, in which may be
--                only_creation    create the session, and nothing else
--                no_creation      change a session that is there, and nothing else
--                imported         of a new session, as JSON text each: created_at, updated_at,
--                                 current_agent, agents_used
--                expect           none: true; or epoch; or epoch, generation, length, last_id
--                expect_state     by the names of values their revisions, false for no value
--                drop             how many messages to drop
--                judged           SHA-1 of the JSON text of those, which the client has looked at
--                blindly          drop them without that
--                answer_dropped   remember what was dropped, for a repetition
--                forget           forget all operations before
--                max_messages     refuse to make the session longer
--                beside           move neither the time of the last write nor the expiry
--                claim            make the session the user's, if it is nobody's
--                usage            numbers to add, by their names
--                set              names of values to set, whose JSON texts come before the messages
--                exact            values to set that RedisJSON would change: their JSON texts, by name
--                remove           names of values to remove
--        [12…] JSON texts of values to set, then of new messages
--
-- Answers a status, ARGV[1] again, so that nobody takes the answer of another for his own, and
--
--     'committed'   epoch, generation, length, id of the last message or '', revision, how many were
--                   dropped, 1 for a session that is new or else 0, TTL in milliseconds, user id or ''
--     'exists'      the same: only creation was asked for, and there is a session
--     'repeated'    epoch, the record that the operation left, JSON text of what it dropped or ''
--     'forgotten'   it is a repetition, and what was dropped is no longer known
--     'look'        index of the first message to be dropped, and JSON text of all: what nobody has
--                   looked at is not dropped; asked again with their SHA-1, they are
--     'nothing'     there is no session, and none was to be created
--     'full'        how many messages there are: with the new ones there would be too many
--     'value'       the name of a value that has another revision
--     'foreign'     the member of the document that is somebody else's
--     'denied', 'lacking'   a command that this user may not run, or this server does not have
--     'broken'      an error that came when something had been written already
--     'reused', 'missing', 'conflict', 'newer'   why nothing was changed
--
-- The record of an operation is text: fingerprint, revision, generation, length, number of dropped
-- messages, id of the last message, with a space between. Operations are remembered in five objects
-- that take turns every 250 commits: the one whose turn comes is emptied, so the last 1,000 are
-- known. What was dropped is remembered of the last 8 that have to answer it.

local key = KEYS[1]
local operation, fingerprint, sessionId, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local now, ttl, newEpoch, agent = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local tokens, lastId = tonumber(ARGV[9]), ARGV[10]
local none = {}
local ask = ARGV[11] == '' and none or cjson.decode(ARGV[11])
local set, exact, remove = ask.set or none, ask.exact or none, ask.remove or none
local firstMessage = 12 + #set
local added = #ARGV - firstMessage + 1

local function answer(status, ...) return {status, operation, ...} end
local function get(path) return cjson.decode(redis.call('JSON.GET', key, path)) end
local function typeOf(path) return redis.call('JSON.TYPE', key, path)[1] end
local function pathOf(parent, name) return parent .. '["' .. name .. '"]' end
-- Lua writes from 10^14 on with an exponent.
local function digits(number) return string.format('%.0f', number) end

-- ## The session as it is

local members = "$['session_id','metadata','user_id','agent_sessions']"
local record = '$.agent_sessions_operations.*["' .. operation .. '"]'
local stored = redis.call('JSON.GET', key, members, record)
local isNew, isAdopted = not stored, false
local metadata, owner, ours, known

if isNew then
  local agents = ask.imported and ask.imported.agents_used or '[]'
  metadata = {message_count = 0, total_tokens = 0, agents_used = cjson.decode(agents)}
  owner = user ~= '' and user or nil
  ours = {epoch = newEpoch, revision = 0, generation = 0, ttl_ms = 0}
else
  local found = cjson.decode(stored)
  local values, id = found[members], nil
  id, metadata, owner, ours = unpack(values)
  if #values < 4 then
    -- Which of them are there does not show.
    id, metadata = get('$.session_id')[1], get('$.metadata')[1]
    owner, ours = get('$.user_id')[1], get('$.agent_sessions')[1]
  end
  if id ~= sessionId then return answer('foreign', 'session_id') end
  if type(metadata) ~= 'table' or type(metadata.message_count) ~= 'number'
    or type(metadata.total_tokens) ~= 'number' or type(metadata.agents_used) ~= 'table' then
    return answer('foreign', 'metadata')
  end
  if owner == cjson.null then owner = nil end
  if user ~= '' and owner ~= user and not (ask.claim and owner == nil) then
    return answer('missing')
  end
  if ours == nil then
    -- Of the Python class. It goes by the time of its creation, before its first commit here and after.
    local created = get('$.created_at')[1]
    if type(created) ~= 'number' or created * 1000000 - created * 1000000 ~= 0 then
      return answer('foreign', 'created_at')
    end
    for _, member in ipairs({'agent_sessions_operations', 'agent_sessions_dropped'}) do
      if typeOf('$.' .. member) then return answer('foreign', member) end
    end
    isAdopted = true
    ours = {epoch = digits(math.floor(created * 1000000) + 0), revision = 0, generation = 0, ttl_ms = 0}
  elseif type(ours) ~= 'table' or type(ours.schema_version) ~= 'number' then
    return answer('foreign', 'agent_sessions')
  elseif ours.schema_version ~= 1 then
    return answer('newer')
  elseif type(ours.epoch) ~= 'string' or type(ours.revision) ~= 'number'
    or type(ours.generation) ~= 'number' or type(ours.ttl_ms) ~= 'number' then
    return answer('foreign', 'agent_sessions')
  end
  known = found[record][1]
end

-- ## The decision

if known then
  local said, dropped = string.match(known, '^(%S+) %d+ %d+ %d+ (%d+) ')
  if said ~= fingerprint then return answer('reused') end
  if dropped == '0' then return answer('repeated', ours.epoch, known, '') end
  local kept = '$.agent_sessions_dropped[?(@.operation=="' .. operation .. '")].messages'
  local messages = get(kept)[1]
  if not messages then return answer('forgotten') end
  return answer('repeated', ours.epoch, known, messages)
end

local expect, drop, length = ask.expect or none, ask.drop or 0, metadata.message_count
if not isNew and (drop > 0 or added == 0 or isAdopted or expect.generation or ask.max_messages) then
  length = redis.call('JSON.ARRLEN', key, '$.messages')[1]
  if not length then return answer('foreign', 'messages') end
end
local function idAt(slice)
  local id = not isNew and get('$.messages[' .. slice .. '].id')[1]
  return type(id) == 'string' and id or ''
end

if ask.only_creation and not isNew then
  return answer('exists', ours.epoch, ours.generation, length, idAt('-1:'), ours.revision, 0, 0,
    ours.ttl_ms, owner or '')
end
if expect.none and not isNew then return answer('conflict') end
if expect.epoch and (isNew or ours.epoch ~= expect.epoch) then return answer('missing') end
if expect.generation and not (ours.generation == expect.generation and length == expect.length
  and idAt('-1:') == expect.last_id) then
  return answer('conflict')
end

local has = {}
if not isNew and (ask.expect_state or ask.set or ask.exact or ask.remove) then
  for _, member in ipairs({'state', 'state_exact', 'state_revisions'}) do
    has[member] = typeOf('$.' .. member)
    if has[member] and has[member] ~= 'object' then return answer('foreign', member) end
  end
end
local function isThere(member, name)
  local kind = has[member] and typeOf(pathOf('$.' .. member, name))
  return kind and kind ~= 'null'
end
local revisions = ask.expect_state and has.state_revisions and get('$.state_revisions')[1] or none
for name, expected in pairs(ask.expect_state or none) do
  local revision = false
  if isThere('state', name) or isThere('state_exact', name) then
    -- What another program has put there was set by no commit.
    revision = revisions[name] or 0
  end
  if revision ~= expected then return answer('value', name) end
end

if isNew and ask.no_creation then return answer('nothing') end

local usage = ask.usage and not isNew and get('$.usage')[1] or none
for name in pairs(ask.usage or none) do
  if type(usage) ~= 'table' or type(usage[name] or 0) ~= 'number' then
    return answer('foreign', 'usage')
  end
end

drop = math.min(drop, length)
local kept = length - drop
-- What makes a session shorter is the way out, however long it still is.
if ask.max_messages and added > drop and kept + added > ask.max_messages then
  return answer('full', length)
end

local tail, dropped = '$.messages[-' .. drop .. ':]', ''
if drop > 0 and not ask.blindly then
  dropped = redis.call('JSON.GET', key, tail)
  if redis.sha1hex(dropped) ~= ask.judged then return answer('look', kept, dropped) end
end

-- ## The permission

local hasMerge = true
local commands = {'JSON.SET', 'JSON.ARRAPPEND', 'JSON.ARRTRIM', 'PEXPIRE', 'JSON.MERGE'}
for _, command in ipairs(commands) do
  -- It fails for a command that the server does not have. Redis 6 cannot be asked at all.
  local isKnown, isAllowed = pcall(redis.acl_check_cmd, command, key)
  if isKnown and not isAllowed then return answer('denied', command) end
  if not isKnown and command == 'JSON.MERGE' then
    hasMerge = false
    commands[6], commands[7] = 'JSON.DEL', 'JSON.TYPE'
  elseif not isKnown and redis.acl_check_cmd then
    return answer('lacking', command)
  end
end

-- ## The writing

local hasWritten = false
local function write(...)
  local reply = redis.call(...)
  hasWritten = true
  return reply
end

-- What JSON.MERGE does, for a server that does not have it.
local function merge(path, patch)
  for name, value in pairs(patch) do
    local place = pathOf(path, name)
    if value == cjson.null then
      write('JSON.DEL', key, place)
    elseif type(value) == 'table' then
      if typeOf(place) ~= 'object' then write('JSON.SET', key, place, '{}') end
      merge(place, value)
    elseif type(value) == 'number' then
      write('JSON.SET', key, place, string.format('%.17g', value))
    else
      write('JSON.SET', key, place, cjson.encode(value))
    end
  end
end

local function sumOf(counts)
  local sum = 0
  for _, count in ipairs(counts) do
    if type(count) == 'number' and count >= 0 and count % 1 == 0 then sum = sum + count end
  end
  return sum
end

local revision = ours.revision + 1
local generation = drop > 0 and revision or ours.generation
local ttlMs = not ask.beside and tonumber(ttl) or ours.ttl_ms
local isEmptied = drop > 0 and kept == 0
local total = (isEmptied and 0 or metadata.total_tokens) + tokens
if drop > 0 and kept > 0 then total = total - sumOf(get(tail .. '.tokens')) end
if added == 0 then lastId = kept > 0 and idAt(kept - 1) or '' end
local imported = ask.imported or none
local updated = isNew and imported.updated_at or now

local function begin()
  write('JSON.SET', key, '$', '{"session_id":' .. cjson.encode(sessionId)
    .. ',"user_id":' .. (owner and cjson.encode(owner) or 'null')
    .. ',"created_at":' .. (imported.created_at or now) .. ',"updated_at":' .. updated
    .. ',"metadata":{"current_agent":' .. (imported.current_agent or 'null')
    .. ',"agents_used":' .. (imported.agents_used or '[]')
    .. ',"message_count":0,"total_tokens":0},"messages":[],"handoff_context":null'
    .. ',"agent_sessions":{"schema_version":1,"epoch":' .. cjson.encode(newEpoch)
    .. ',"revision":0,"generation":0,"ttl_ms":0},"agent_sessions_operations":{}}')
end

-- Answers how many messages there are then, nothing where what should hold them is no list.
local function changeMessages()
  local count = kept
  if drop > 0 then
    local from, to = 0, kept - 1
    -- An end before the beginning leaves nothing.
    if kept == 0 then from, to = 1, 0 end
    write('JSON.ARRTRIM', key, '$.messages', from, to)
  end
  for from = firstMessage, #ARGV, 1000 do
    local to = math.min(from + 999, #ARGV)
    count = write('JSON.ARRAPPEND', key, '$.messages', unpack(ARGV, from, to))[1]
    if not count then return nil end
  end
  return count
end

-- Answers what the patch has to say of the values.
local function changeValues()
  local native, texts, numbers = {}, {}, {}
  local function say(list, name, value) list[#list + 1] = '"' .. name .. '":' .. value end
  if #set > 0 and not has.state then write('JSON.SET', key, '$.state', '{}') end
  for index, name in ipairs(set) do
    write('JSON.SET', key, pathOf('$.state', name), ARGV[11 + index])
    if has.state_exact then say(texts, name, 'null') end
    say(numbers, name, digits(revision))
  end
  for name, text in pairs(exact) do
    if has.state then say(native, name, 'null') end
    say(texts, name, cjson.encode(text))
    say(numbers, name, digits(revision))
  end
  for _, name in ipairs(remove) do
    if has.state then say(native, name, 'null') end
    if has.state_exact then say(texts, name, 'null') end
    if has.state_revisions then say(numbers, name, 'null') end
  end
  local patch = ''
  for member, list in pairs({state = native, state_exact = texts, state_revisions = numbers}) do
    if #list > 0 then patch = patch .. ',"' .. member .. '":{' .. table.concat(list, ',') .. '}' end
  end
  return patch
end

-- Answers what the patch has to say of the agent.
local function changeAgent()
  local isUsed = false
  for _, name in ipairs(metadata.agents_used) do isUsed = isUsed or name == agent end
  local text = cjson.encode(agent)
  if not isUsed then write('JSON.ARRAPPEND', key, '$.metadata.agents_used', text) end
  return ',"current_agent":' .. text
end

local isAnswered = ask.answer_dropped and drop > 0
local function rememberDropped()
  local entry = '{"operation":"' .. operation .. '","messages":' .. cjson.encode(dropped) .. '}'
  local list = '$.agent_sessions_dropped'
  local isBeside = not ask.forget and #dropped <= 131072
  local count = isBeside and write('JSON.ARRAPPEND', key, list, entry)[1]
  if not count then
    write('JSON.SET', key, list, '[' .. entry .. ']')
  elseif count > 8 then
    write('JSON.ARRTRIM', key, list, count - 8, -1)
  end
end

local function sumOfUsage()
  local numbers = {}
  for name, number in pairs(ask.usage) do
    numbers[#numbers + 1] = '"' .. name .. '":' .. digits((usage[name] or 0) + number)
  end
  return '{' .. table.concat(numbers, ',') .. '}'
end

local function change()
  if isNew then begin() end
  local count = changeMessages()
  if not count then return nil end
  local isMiscounted = not isEmptied and count - added + drop ~= metadata.message_count
  if isMiscounted or total < 0 or total % 1 ~= 0 then
    -- The Python class counts after it has added, and may have ended between.
    total = sumOf(get('$.messages[*].tokens'))
  end

  local patch = ''
  if ask.set or ask.exact or ask.remove then patch = changeValues() end
  if ask.usage then patch = patch .. ',"usage":' .. sumOfUsage() end
  if ask.claim then patch = patch .. ',"user_id":' .. cjson.encode(user) end
  if not ask.beside then patch = patch .. ',"updated_at":' .. updated end

  local turn = math.floor(revision / 250) % 5
  if ask.forget then
    write('JSON.SET', key, '$.agent_sessions_operations', '{}')
    if not isAnswered then patch = patch .. ',"agent_sessions_dropped":null' end
  elseif revision % 250 == 0 then
    write('JSON.SET', key, pathOf('$.agent_sessions_operations', turn), '{}')
  end
  if isAnswered then rememberDropped() end
  if not ask.only_creation then
    local record = string.format('%s %d %d %d %d ', fingerprint, revision, generation, count,
      isAnswered and drop or 0) .. lastId
    patch = patch .. ',"agent_sessions_operations":{"' .. turn .. '":{"' .. operation .. '":'
      .. cjson.encode(record) .. '}}'
  end

  local identity = isAdopted and '"schema_version":1,"epoch":"' .. ours.epoch .. '",' or ''
  local current = agent ~= '' and changeAgent() or ''
  patch = string.format('{"agent_sessions":{%s"revision":%d,"generation":%d,"ttl_ms":%d}',
    identity, revision, generation, ttlMs)
    .. string.format(',"metadata":{"message_count":%d,"total_tokens":%d', count, total)
    .. current .. '}' .. patch .. '}'
  if hasMerge then write('JSON.MERGE', key, '$', patch) else merge('$', cjson.decode(patch)) end
  if ttlMs > 0 and not ask.beside then write('PEXPIRE', key, digits(ttlMs)) end
  return count
end

local isDone, result = pcall(change)
if not isDone and hasWritten then
  return answer('broken', type(result) == 'table' and result.err or tostring(result))
elseif not isDone then
  error(result)
elseif not result then
  return answer('foreign', 'messages')
end
return answer('committed', ours.epoch, generation, result, lastId, revision, drop, isNew and 1 or 0,
  ttlMs, user ~= '' and user or owner or '')
