// Written by `npm run generate` from commit.lua: change that.

export const commitScript = {
  sha1: '6d7c9fead389f232947fd01203e55195e98a351a',
  text: `










































local key = KEYS[1]
local member, fingerprint, flags = ARGV[1], ARGV[2], ARGV[3]
local drop, tokens, now, ttl = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
local session, user, agent, lastId, limits = ARGV[11], ARGV[12], ARGV[13], ARGV[14], ARGV[15]
local first = 16
local added, addedBytes = #ARGV - first + 1, 0
for index = first, #ARGV do addedBytes = addedBytes + #ARGV[index] end

local expectsNone, expectsEpoch, expectsMark
if flags ~= 'c' then
expectsNone, expectsMark = string.find(flags, 'n'), string.find(flags, 'm')
expectsEpoch = expectsMark or string.find(flags, 'e')
end
local maxMessages, maxBytes
if limits ~= '' then
maxMessages, maxBytes = string.match(limits, '^(%d+) (%d+)$')
maxMessages, maxBytes = tonumber(maxMessages), tonumber(maxBytes)
end
local idOfLast
if added == 0 or expectsMark then
function idOfLast()
local id = cjson.decode(redis.call('JSON.GET', key, '$.messages[-1:].id'))[1]
return type(id) == 'string' and id or ''
end
end

local operation = '$.operations.*.' .. member
local stored
if user == '' then
stored = redis.call('JSON.GET', key, '$.session_id', '$.store', operation)
else
stored = redis.call('JSON.GET', key, '$.session_id', '$.store', operation, '$.user_id')
end

if not stored then
if expectsEpoch then return {'missing', member} end
if not string.find(flags, 'c') then return {'nothing', member} end
if limits ~= '' and (added > maxMessages or addedBytes > maxBytes) then
return {'full', member, 0, 0}
end
local record = ''
if not string.find(flags, 'o') then
record = '"' .. member .. '":"' .. fingerprint .. ' 0 ' .. added .. ' ' .. lastId .. ' []"'
end
redis.call('JSON.SET', key, '$', '{"session_id":' .. session
.. ',"user_id":' .. (user ~= '' and user or 'null')
.. ',"created_at":' .. now .. ',"updated_at":' .. now
.. ',"metadata":{"current_agent":' .. (agent ~= '' and agent or 'null')
.. ',"agents_used":[' .. agent .. '],"message_count":' .. added
.. ',"total_tokens":' .. tokens .. '},"messages":[' .. table.concat(ARGV, ',', first)
.. '],"handoff_context":null,"store":{"schema_version":1,"epoch":"' .. ARGV[10]
.. '","revision":1,"generation":0,"ttl_ms":' .. (ttl ~= '' and ttl or '0')
.. ',"bytes":' .. addedBytes .. '},"operations":{"a":{' .. record .. '},"b":{}},"state":{}}')
if ttl ~= '' then redis.call('PEXPIRE', key, ttl) end
return {'committed', member, ARGV[10], 0, added, addedBytes}
end



local epoch, revision, generation, ttlMs, bytes = string.match(stored,
'^"$.store":%[{"schema_version":1,"epoch":"([^"\\\\]*)","revision":(%d+),"generation":(%d+),"ttl_ms":(%d+),"bytes":(%d+)}%]',
string.find(stored, '"$.store":[{', 1, true))
local adopted = ''
if not (epoch and string.find(stored, operation .. '":[]', 1, true)
and string.find(stored, '"$.session_id":[' .. session .. ']', 1, true)
and (user == '' or string.find(stored, '"$.user_id":[' .. user .. ']', 1, true))) then
local found = cjson.decode(stored)
if found['$.session_id'][1] ~= cjson.decode(session) then return {'foreign', member} end
if user ~= '' and found['$.user_id'][1] ~= cjson.decode(user) then return {'missing', member} end
local store = found['$.store'][1]
if not store then

local function only(path) return cjson.decode(redis.call('JSON.GET', key, path))[1] end
local created = only('$.created_at')
if type(created) ~= 'number' or type(only('$.metadata.message_count')) ~= 'number' then
return {'foreign', member}
end
epoch = string.format('%d', math.floor(created * 1000000))
store = {schema_version = 1, epoch = epoch, revision = 0, generation = 0, ttl_ms = 0, bytes = 0}
adopted = '{"schema_version":1,"epoch":"' .. epoch
.. '","revision":1,"generation":0,"ttl_ms":0,"bytes":0}'
end
if store.schema_version ~= 1 then return {'newer', member} end
epoch, revision, generation = store.epoch, store.revision, string.format('%d', store.generation)
ttlMs, bytes = string.format('%d', store.ttl_ms), store.bytes
local known = found[operation][1]
if known then
if string.sub(known, 1, #fingerprint) ~= fingerprint then return {'reused', member} end
return {'repeated', member, epoch, known}
end
end
revision, bytes = revision + 1, bytes + 0

local length
if drop > 0 or added == 0 or expectsMark or adopted ~= '' or limits ~= '' then
length = redis.call('JSON.ARRLEN', key, '$.messages')[1]
if not length then return {'foreign', member} end
end
if flags == 'co' then
return {'exists', member, epoch, generation, length, bytes, '[]', idOfLast()}
end
if expectsNone then return {'conflict', member} end
if expectsEpoch and epoch ~= ARGV[4] then return {'missing', member} end
if expectsMark then
local last = idOfLast()
local function isExpected(count) return ARGV[5] == generation .. ' ' .. count .. ' ' .. last end
if not isExpected(length) then

local count = cjson.decode(redis.call('JSON.GET', key, '$.metadata.message_count'))[1]
if not isExpected(tonumber(count) or length) then return {'conflict', member} end
end
end

local dropped, droppedBytes, total = '[]', 0, ''
if drop > 0 and length > 0 then
if drop > length then drop = length end
local tail = '$.messages[-' .. drop .. ':]'
if string.find(flags, 'd') then
dropped = redis.call('JSON.GET', key, tail)

local roles = {user = true, assistant = true, system = true, developer = true, tool = true}
local function optional(value, kind)
return value == nil or value == cjson.null or type(value) == kind
end

local function isExact(json)
local bare = string.gsub(string.gsub(json, '\\\\.', ''), '"[^"]*"', '""')
local parsed, problem = pcall(cjson.decode, bare)
return string.sub(json, 1, 11) == '{"content":' and (parsed or string.find(problem, 'nested'))
end

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
for index, message in ipairs(cjson.decode(dropped)) do

if not readable(message) then return {'damaged', member, length - drop + index - 1} end
end
end
if drop == length then
droppedBytes = bytes
total = ',"total_tokens":' .. tokens
tokens = 0
else

local json = dropped ~= '[]' and dropped or redis.call('JSON.GET', key, tail)
droppedBytes = math.min(#json - drop - 1, bytes)
for _, count in ipairs(cjson.decode(redis.call('JSON.GET', key, tail .. '.tokens'))) do
if type(count) == 'number' then tokens = tokens - count end
end
end
else
drop = 0
end
local more, moreBytes = added - drop, addedBytes - droppedBytes

if limits ~= '' and (more > 0 and length + more > maxMessages
or moreBytes > 0 and bytes + moreBytes > maxBytes) then
return {'full', member, length, bytes}
end
bytes = bytes + moreBytes

if drop > 0 then
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

if not length then return {'foreign', member} end
end
if tokens ~= 0 then
redis.call('JSON.NUMINCRBY', key, '$.metadata.total_tokens', string.format('%d', tokens))
end

local current = ''
if agent ~= '' then
current = ',"current_agent":' .. agent
if redis.call('JSON.ARRINDEX', key, '$.metadata.agents_used', agent)[1] == -1 then
redis.call('JSON.ARRAPPEND', key, '$.metadata.agents_used', agent)
end
end

local turn = math.floor(revision / 1000) % 2 == 0 and 'a' or 'b'
if adopted ~= '' then
redis.call('JSON.SET', key, '$.store', adopted)
redis.call('JSON.SET', key, '$.operations', '{"a":{},"b":{}}')
redis.call('JSON.SET', key, '$.state', '{}')
elseif string.find(flags, 'f') then
redis.call('JSON.SET', key, '$.operations', '{"a":{},"b":{}}')
elseif revision % 1000 == 0 then
redis.call('JSON.SET', key, '$.operations.' .. turn, '{}')
end

local answer, record = {'committed', member, epoch, generation, length, bytes}, '[]'
if added == 0 or dropped ~= '[]' then
local function insideText(value) return string.sub(cjson.encode(value), 2, -2) end
answer[7], record = dropped, insideText(dropped)
if added == 0 then
answer[8] = idOfLast()
lastId = insideText(cjson.encode(answer[8]))
end
end
local newTtl = ''
if ttl ~= '' then newTtl = ',"ttl_ms":' .. ttl else ttl = ttlMs end
redis.call('JSON.MERGE', key, '$', '{"updated_at":' .. now .. ',"store":{"revision":' .. revision
.. ',"generation":' .. generation .. newTtl .. ',"bytes":' .. bytes
.. '},"metadata":{"message_count":' .. length .. total .. current
.. '},"operations":{"' .. turn .. '":{"' .. member .. '":"' .. fingerprint .. ' ' .. generation
.. ' ' .. length .. ' ' .. lastId .. ' ' .. record .. '"}}}')
if ttl ~= '0' then redis.call('PEXPIRE', key, ttl) end
return answer
`,
};
