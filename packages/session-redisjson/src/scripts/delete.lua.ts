// Written by `npm run generate` from delete.lua: change that.

export const deleteScript = {
  sha1: '4fe560710df23fb6b6271608323d018642b68b42',
  text: `






local stored = redis.call('JSON.GET', KEYS[1], '$.session_id', '$.user_id', '$.agent_sessions')
if not stored then return 'missing' end
local document = cjson.decode(stored)
if document['$.session_id'][1] ~= ARGV[1] then return 'foreign' end
if ARGV[2] ~= '' and document['$.user_id'][1] ~= ARGV[2] then return 'missing' end
local ours = document['$.agent_sessions'][1]

if ours ~= nil then
if type(ours) ~= 'table' or type(ours.schema_version) ~= 'number' then return 'foreign' end
if ours.schema_version ~= 1 then return 'newer' end
if type(ours.epoch) ~= 'string' then return 'foreign' end
end
redis.call('UNLINK', KEYS[1])
return 'deleted'
`,
};
