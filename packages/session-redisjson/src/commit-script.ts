/**
 * Commits a change to one session's document, or says why not; see `SessionStore.commit`.
 *
 * It checks everything first. After that nothing can fail half-way: the first write is refused as a
 * whole when the server is out of memory, and the messages have been checked by the driver. Messages
 * stay opaque text: cjson would make `{}` of `[]` and lose digits.
 *
 *     KEYS[1]  the session's key
 *     ARGV[1]  member that remembers the operation: a hash of its id
 *         [2]  fingerprint of the change
 *         [3]  what is expected: 'anything', 'nothing', 'epoch' or 'mark'
 *         [4]  expected epoch          [5] expected generation     [6] expected length and last id
 *         [7]  messages to drop        [8] flags: c create, d answer what is dropped,
 *                                          f forget operations, o only create
 *         [9]  now, in seconds        [10] TTL in milliseconds, '' as it is
 *        [11]  epoch of a new session [12] session id
 *        [13]  user id, '' any        [14] agent, '' none
 *        [15]  tokens of the new messages
 *        [16]  id of the last of the new messages, '' where there are none
 *        [17…] the new messages
 *
 * Answers a status, ARGV[1] again, and with them
 *
 *     'committed'  epoch, generation, length, last id, JSON text of what was dropped
 *     'nothing'    there is no session, and the change needs none
 *     'exists'     epoch, generation, length, last id: there is a session, and only creation was asked for
 *     'repeated'   epoch, and the record that the operation left
 *     'damaged'    the index of a message that was to be answered and cannot be read
 *     'reused', 'missing', 'conflict', 'foreign', 'newer'   why nothing was changed
 *
 * The last id is that of the last message, '' where there is none. The record of an operation is
 * text: fingerprint, generation, length, JSON text of the last id, JSON text of what was dropped, with
 * a space between. Operations are remembered in two objects, which take turns every
 * 1,000 commits: the one whose turn it is is emptied, so the last 1,000 at least are known.
 */
export const commitScript = `
local key = KEYS[1]
local member, fingerprint, expects = ARGV[1], ARGV[2], ARGV[3]
local drop, flags, now, ttl = tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local newEpoch, session, user, agent, tokens = ARGV[11], ARGV[12], ARGV[13], ARGV[14], tonumber(ARGV[15])
local lastId, first = ARGV[16], 17
local added = #ARGV - first + 1

-- With the operation, so that nobody takes the answer of another for his own.
local function answer(status, ...) return {status, member, ...} end
local function whole(number) return string.format('%d', number) end
local function text(value) return cjson.encode(value) end

local function idOfLast()
  local id = cjson.decode(redis.call('JSON.GET', key, '$.messages[-1:].id'))[1]
  return type(id) == 'string' and id or ''
end

local roles = {user = true, assistant = true, system = true, developer = true, tool = true}
local function optional(value, kind) return value == nil or value == cjson.null or type(value) == kind end

-- Without what stands in strings: cjson refuses half a surrogate pair, and what is nested too deep.
local function isExact(json)
  local bare = string.gsub(string.gsub(json, '\\\\.', ''), '"[^"]*"', '""')
  local parsed, problem = pcall(cjson.decode, bare)
  return string.sub(json, 1, 11) == '{"content":' and (parsed or string.find(problem, 'nested'))
end

-- As strict as the driver, which would otherwise find out when the message is gone.
local function readable(message)
  if type(message) ~= 'table' or type(message.id) ~= 'string' or not roles[message.role]
    or type(message.timestamp) ~= 'number' or message.content == nil
    or not optional(message.agent, 'string') or not optional(message.tokens, 'number') then
    return false
  end
  local tokens, item, exact = message.tokens, message.item, message.exact
  return (type(tokens) ~= 'number' or tokens >= 0 and tokens % 1 == 0)
    and (item == nil or type(item) == 'table' and item[1] == nil)
    and (exact == nil or type(exact) == 'string' and isExact(exact))
end

local operation = '$.operations.*.' .. member
local stored
if user == '' then
  stored = redis.call('JSON.GET', key, '$.session_id', '$.store', operation)
else
  stored = redis.call('JSON.GET', key, '$.session_id', '$.store', operation, '$.user_id')
end

if not stored then
  if expects == 'epoch' or expects == 'mark' then return answer('missing') end
  if not string.find(flags, 'c') then return answer('nothing') end
  local agents = agent ~= '' and text(agent) or ''
  local record = ''
  if not string.find(flags, 'o') then
    record = text(member) .. ':' .. text(fingerprint .. ' 0 ' .. added .. ' ' .. text(lastId) .. ' []')
  end
  redis.call('JSON.SET', key, '$', '{"session_id":' .. text(session)
    .. ',"user_id":' .. (user ~= '' and text(user) or 'null')
    .. ',"created_at":' .. now .. ',"updated_at":' .. now
    .. ',"metadata":{"current_agent":' .. (agents ~= '' and agents or 'null')
    .. ',"agents_used":[' .. agents .. '],"message_count":' .. added
    .. ',"total_tokens":' .. tokens .. '},"messages":[' .. table.concat(ARGV, ',', first)
    .. '],"handoff_context":null,"store":{"schema_version":1,"epoch":"' .. newEpoch
    .. '","revision":1,"generation":0,"ttl_ms":' .. (ttl ~= '' and ttl or '0')
    .. '},"operations":{"a":{' .. record .. '},"b":{}},"state":{}}')
  if ttl ~= '' then redis.call('PEXPIRE', key, ttl) end
  return answer('committed', newEpoch, '0', whole(added), lastId, '[]')
end

local found = cjson.decode(stored)
if found['$.session_id'][1] ~= session then return answer('foreign') end
if user ~= '' and found['$.user_id'][1] ~= user then return answer('missing') end

local store, adopted = found['$.store'][1], ''
if not store then
  -- What Python wrote goes by the time of its creation, before its first commit here and after.
  local created = cjson.decode(redis.call('JSON.GET', key, '$.created_at'))[1]
  local count = cjson.decode(redis.call('JSON.GET', key, '$.metadata.message_count'))[1]
  if type(created) ~= 'number' or type(count) ~= 'number' then return answer('foreign') end
  store = {epoch = whole(math.floor(created * 1000000)), revision = 0, generation = 0, ttl_ms = 0}
  adopted = '"schema_version":1,"epoch":"' .. store.epoch .. '","ttl_ms":0,'
elseif store.schema_version ~= 1 then
  return answer('newer')
end
local epoch, generation, revision = store.epoch, store.generation, store.revision + 1

local known = found[operation][1]
if known then
  if string.sub(known, 1, #fingerprint) ~= fingerprint then return answer('reused') end
  return answer('repeated', epoch, known)
end

local length
if drop > 0 or added == 0 or expects == 'mark' or adopted ~= '' then
  length = redis.call('JSON.ARRLEN', key, '$.messages')[1]
  if not length then return answer('foreign') end
end
if string.find(flags, 'o') then
  return answer('exists', epoch, whole(generation), whole(length), idOfLast())
end
if expects == 'nothing' then return answer('conflict') end
if expects ~= 'anything' and epoch ~= ARGV[4] then return answer('missing') end
if expects == 'mark' then
  local function isExpected(count) return ARGV[6] == whole(count) .. ' ' .. idOfLast() end
  -- A read of a part goes by the count, which Python leaves wrong where it is interrupted.
  local known = generation == tonumber(ARGV[5]) and (isExpected(length)
    or isExpected(tonumber(cjson.decode(redis.call('JSON.GET', key, '$.metadata.message_count'))[1]) or length))
  if not known then return answer('conflict') end
end

local dropped, total = '[]', ''
if drop > 0 and length > 0 then
  if drop > length then drop = length end
  local tail = '$.messages[-' .. whole(drop) .. ':]'
  if drop == length then
    total = ',"total_tokens":' .. tokens
    tokens = 0
  else
    for _, count in ipairs(cjson.decode(redis.call('JSON.GET', key, tail .. '.tokens'))) do
      if type(count) == 'number' then tokens = tokens - count end
    end
  end
  if string.find(flags, 'd') then
    dropped = redis.call('JSON.GET', key, tail)
    for index, message in ipairs(cjson.decode(dropped)) do
      -- What nobody could read is not dropped by one who wants to read it.
      if not readable(message) then return answer('damaged', whole(length - drop + index - 1)) end
    end
  end
  length = length - drop
  generation = revision
  if length > 0 then
    redis.call('JSON.ARRTRIM', key, '$.messages', 0, length - 1)
  else
    redis.call('JSON.ARRTRIM', key, '$.messages', 1, 0)
  end
end

for from = first, #ARGV, 1000 do
  length = redis.call('JSON.ARRAPPEND', key, '$.messages',
    unpack(ARGV, from, math.min(from + 999, #ARGV)))[1]
  -- Not a list, and so nothing was written yet: what drops has looked before.
  if not length then return answer('foreign') end
end
if tokens ~= 0 then redis.call('JSON.NUMINCRBY', key, '$.metadata.total_tokens', whole(tokens)) end

local current = ''
if agent ~= '' then
  current = ',"current_agent":' .. text(agent)
  if redis.call('JSON.ARRINDEX', key, '$.metadata.agents_used', text(agent))[1] == -1 then
    redis.call('JSON.ARRAPPEND', key, '$.metadata.agents_used', text(agent))
  end
end

local turn = math.floor(revision / 1000) % 2 == 0 and 'a' or 'b'
if adopted ~= '' then
  redis.call('JSON.SET', key, '$.store', '{}')
  redis.call('JSON.SET', key, '$.operations', '{"a":{},"b":{}}')
  redis.call('JSON.SET', key, '$.state', '{}')
elseif string.find(flags, 'f') then
  redis.call('JSON.SET', key, '$.operations', '{"a":{},"b":{}}')
elseif revision % 1000 == 0 then
  redis.call('JSON.SET', key, '$.operations.' .. turn, '{}')
end

if ttl ~= '' then adopted = adopted .. '"ttl_ms":' .. ttl .. ',' else ttl = whole(store.ttl_ms) end
if added == 0 then lastId = idOfLast() end
local record = fingerprint .. ' ' .. whole(generation) .. ' ' .. whole(length) .. ' ' .. text(lastId)
  .. ' ' .. dropped
redis.call('JSON.MERGE', key, '$', '{"updated_at":' .. now .. ',"store":{' .. adopted
  .. '"revision":' .. whole(revision) .. ',"generation":' .. whole(generation)
  .. '},"metadata":{"message_count":' .. whole(length) .. total .. current
  .. '},"operations":{"' .. turn .. '":{"' .. member .. '":' .. text(record) .. '}}}')
if ttl ~= '0' then redis.call('PEXPIRE', key, ttl) end
return answer('committed', epoch, whole(generation), whole(length), lastId, dropped)
`;
