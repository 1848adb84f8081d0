-- Deletes one session's document, if it is one and belongs to the user.
--
--     KEYS[1]  the session's key
--     ARGV[1]  session id    [2] user id, '' any
--
-- Answers 'deleted', or why not: 'missing', 'foreign' or 'newer'.

local stored = redis.call('JSON.GET', KEYS[1], '$.session_id', '$.user_id', '$.agent_sessions')
if not stored then return 'missing' end
local document = cjson.decode(stored)
if document['$.session_id'][1] ~= ARGV[1] then return 'foreign' end
if ARGV[2] ~= '' and document['$.user_id'][1] ~= ARGV[2] then return 'missing' end
local ours = document['$.agent_sessions'][1]
-- A session of the Python class has no such member.
if ours ~= nil then
  if type(ours) ~= 'table' or type(ours.schema_version) ~= 'number' then return 'foreign' end
  if ours.schema_version ~= 1 then return 'newer' end
  if type(ours.epoch) ~= 'string' then return 'foreign' end
end
redis.call('UNLINK', KEYS[1])
return 'deleted'
