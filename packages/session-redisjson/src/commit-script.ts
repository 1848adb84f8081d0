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
 *         [4]  expected epoch          [5] expected generation     [6] expected length
 *         [7]  messages to drop        [8] flags: c create, d answer what is dropped,
 *                                          f forget operations, o only create
 *         [9]  now, in seconds        [10] TTL in milliseconds, '' as it is
 *        [11]  epoch of a new session [12] session id
 *        [13]  user id, '' any        [14] agent, '' none
 *        [15]  tokens of the new messages
 *        [16…] the new messages
 *
 * Answers a status, and with it
 *
 *     'committed'  epoch, generation, length, JSON text of what was dropped
 *     'nothing'    there is no session, and the change needs none
 *     'exists'     epoch, generation, length: there is a session, and only creation was asked for
 *     'repeated'   epoch, and the record that the operation left
 *     'damaged'    the index of a message that was to be answered and cannot be read
 *     'reused', 'missing', 'conflict', 'foreign', 'newer'   why nothing was changed
 *
 * The record of an operation is text: fingerprint, generation, length, JSON text of what was
 * dropped, with a space between. Operations are remembered in two objects, which take turns every
 * 1,000 commits: the one whose turn it is is emptied, so the last 1,000 at least are known.
 */
export const commitScript = `
local key = KEYS[1]
local member, fingerprint, expects = ARGV[1], ARGV[2], ARGV[3]
local drop, flags, now, ttl = tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local user, agent = ARGV[13], ARGV[14]
local first = 16
local added = #ARGV - first + 1

local function whole(number) return string.format('%.0f', number) end
local function text(value) return cjson.encode(value) end

local function readable(message)
  if type(message) ~= 'table' then return false end
  return type(message.id) == 'string' and type(message.role) == 'string'
    and type(message.timestamp) == 'number' and message.content ~= nil
end

local operation = '$.operations.*.' .. member
local stored = redis.call('JSON.GET', key, '$.session_id', '$.user_id', '$.store', '$.metadata', operation)

if not stored then
  if expects == 'epoch' or expects == 'mark' then return {'missing'} end
  if not string.find(flags, 'c') then return {'nothing'} end
  local agents = agent ~= '' and text(agent) or ''
  local record = ''
  if not string.find(flags, 'o') then
    record = text(member) .. ':' .. text(fingerprint .. ' 0 ' .. whole(added) .. ' []')
  end
  redis.call('JSON.SET', key, '$', '{"session_id":' .. text(ARGV[12])
    .. ',"user_id":' .. (user ~= '' and text(user) or 'null')
    .. ',"created_at":' .. now .. ',"updated_at":' .. now
    .. ',"metadata":{"current_agent":' .. (agents ~= '' and agents or 'null')
    .. ',"agents_used":[' .. agents .. '],"message_count":' .. added
    .. ',"total_tokens":' .. ARGV[15] .. '},"messages":[' .. table.concat(ARGV, ',', first)
    .. '],"handoff_context":null,"store":{"schema_version":1,"epoch":' .. text(ARGV[11])
    .. ',"revision":1,"generation":0,"ttl_ms":' .. (ttl ~= '' and ttl or '0')
    .. '},"operations":{"a":{' .. record .. '},"b":{}},"state":{}}')
  if ttl ~= '' then redis.call('PEXPIRE', key, ttl) end
  return {'committed', ARGV[11], '0', whole(added), '[]'}
end

local document = cjson.decode(stored)
local function value(path)
  local found = document[path][1]
  if found ~= cjson.null then return found end
end

if value('$.session_id') ~= ARGV[12] then return {'foreign'} end
local metadata = value('$.metadata')
if type(metadata) ~= 'table' or type(metadata.message_count) ~= 'number' then return {'foreign'} end
if user ~= '' and value('$.user_id') ~= user then return {'missing'} end

local store = value('$.store')
local adopting = not store
if adopting then
  -- A session that Python wrote goes by the time of its creation, before its first commit here and after.
  local created = cjson.decode(redis.call('JSON.GET', key, '$.created_at'))[1]
  store = {epoch = string.format('%.6f', created), revision = 0, generation = 0, ttl_ms = 0}
elseif store.schema_version ~= 1 then
  return {'newer'}
end
local epoch, generation, revision = store.epoch, store.generation, store.revision + 1

local known = value(operation)
if known then
  if string.sub(known, 1, #fingerprint) ~= fingerprint then return {'reused'} end
  return {'repeated', epoch, known}
end

local length
if drop > 0 or expects == 'mark' or adopting or string.find(flags, 'o') then
  length = redis.call('JSON.ARRLEN', key, '$.messages')[1]
  if not length then return {'foreign'} end
end
if string.find(flags, 'o') then return {'exists', epoch, whole(generation), whole(length)} end
if expects == 'nothing' then return {'conflict'} end
if expects ~= 'anything' and epoch ~= ARGV[4] then return {'missing'} end
if expects == 'mark' and (generation ~= tonumber(ARGV[5]) or length ~= tonumber(ARGV[6])) then
  return {'conflict'}
end

local dropped = '[]'
local tokens = (metadata.total_tokens or 0) + tonumber(ARGV[15])
if drop > 0 and length > 0 then
  if drop > length then drop = length end
  local tail = '$.messages[-' .. whole(drop) .. ':]'
  if drop == length then
    tokens = tonumber(ARGV[15])
  else
    for _, count in ipairs(cjson.decode(redis.call('JSON.GET', key, tail .. '.tokens'))) do
      if type(count) == 'number' then tokens = tokens - count end
    end
  end
  if string.find(flags, 'd') then
    dropped = redis.call('JSON.GET', key, tail)
    for index, message in ipairs(cjson.decode(dropped)) do
      -- What nobody could read is not dropped by one who wants to read it.
      if not readable(message) then return {'damaged', whole(length - drop + index - 1)} end
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
end
length = length or metadata.message_count

local current = ''
if agent ~= '' then
  current = ',"current_agent":' .. text(agent)
  if redis.call('JSON.ARRINDEX', key, '$.metadata.agents_used', text(agent))[1] == -1 then
    redis.call('JSON.ARRAPPEND', key, '$.metadata.agents_used', text(agent))
  end
end

local turn = math.floor(revision / 1000) % 2 == 0 and 'a' or 'b'
if adopting then
  redis.call('JSON.SET', key, '$.state', '{}')
  redis.call('JSON.SET', key, '$.operations', '{"a":{},"b":{}}')
elseif string.find(flags, 'f') then
  redis.call('JSON.SET', key, '$.operations', '{"a":{},"b":{}}')
elseif revision % 1000 == 0 then
  redis.call('JSON.SET', key, '$.operations.' .. turn, '{}')
end

local slide = ttl ~= '' and ttl or whole(store.ttl_ms)
local record = fingerprint .. ' ' .. whole(generation) .. ' ' .. whole(length) .. ' ' .. dropped
redis.call('JSON.MERGE', key, '$', '{"updated_at":' .. now
  .. ',"store":{"schema_version":1,"epoch":' .. text(epoch) .. ',"revision":' .. whole(revision)
  .. ',"generation":' .. whole(generation) .. ',"ttl_ms":' .. slide
  .. '},"metadata":{"message_count":' .. whole(length) .. ',"total_tokens":' .. whole(tokens) .. current
  .. '},"operations":{"' .. turn .. '":{"' .. member .. '":' .. text(record) .. '}}}')
if slide ~= '0' then redis.call('PEXPIRE', key, slide) end
return {'committed', epoch, whole(generation), whole(length), dropped}
`;
