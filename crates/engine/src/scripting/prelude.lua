-- Turns a plain Lua state into the one that Redis gives to scripts: a fixed set of globals that
-- cannot be changed, `redis`, and the libraries for JSON, MessagePack, bits and structs.
--
-- `host` holds functions of the engine. What `host.solid` wraps is a function of the host for the
-- script that calls it: its own frame is not replaced by a tail call, so errors name its line.
local host, globals = ...

local base = host.base
local error, type, tonumber, tostring = error, type, base.tonumber, tostring
local select, pcall, xpcall, pairs = select, pcall, xpcall, pairs
local setmetatable, getmetatable, sub = setmetatable, getmetatable, base.sub

-- Tables that look read-only: an empty table in front, the contents behind it.
local function read_only()
  error('Attempt to modify a readonly table', 2)
end

local function protect(front, contents)
  base.protects(front, contents)
  return setmetatable(front, { __index = contents, __newindex = read_only })
end

local redis = {
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = host.version, REDIS_VERSION_NUM = host.version_num,
}

for _, name in ipairs({ 'call', 'pcall' }) do
  redis[name] = host[name]
end

local function plain_error(text)
  error({ err = text }, 0)
end

function redis.error_reply(text)
  if select('#', text) ~= 1 or type(text) ~= 'string' then
    return { err = 'ERR wrong number or type of arguments' }
  end
  if sub(text, 1, 1) == '-' then
    text = sub(text, 2)
  end
  if not base.find(text, ' ', 1, true) then
    return { err = 'ERR ' .. text }
  end
  return { err = text }
end

function redis.status_reply(text)
  if type(text) ~= 'string' then
    return { err = 'ERR wrong number or type of arguments' }
  end
  return { ok = text }
end

function redis.sha1hex(...)
  if select('#', ...) ~= 1 then
    plain_error('ERR wrong number of arguments')
  end
  return host.sha1hex((...))
end

function redis.log(level, ...)
  if select('#', ...) < 1 then
    plain_error('ERR redis.log() requires two arguments or more.')
  end
  if type(level) ~= 'number' then
    plain_error('ERR First argument must be a number (log level).')
  end
  if level < 0 or level > 3 then
    plain_error('ERR Invalid log level.')
  end
end

function redis.setresp(...)
  local version = ...
  if select('#', ...) ~= 1 then
    plain_error('ERR redis.setresp() requires one argument.')
  end
  version = tonumber(version) or 0
  version = version - version % 1
  if version ~= 2 and version ~= 3 then
    plain_error('ERR RESP version must be 2 or 3.')
  end
  host.setresp(version)
end

function redis.set_repl(...)
  local flags = ...
  if select('#', ...) ~= 1 then
    plain_error('ERR redis.set_repl() requires one argument.')
  end
  -- What is no number counts as 0.
  flags = tonumber(flags) or 0
  if flags < 0 or flags > 3 then
    plain_error('ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.')
  end
  host.set_repl(flags)
end

function redis.acl_check_cmd(...)
  if select('#', ...) == 0 then
    plain_error('ERR Please specify at least one argument for this redis lib call')
  end
  if not host.known(...) then
    plain_error('ERR Invalid command passed to redis.acl_check_cmd()')
  end
  return true
end

function redis.replicate_commands()
  return true
end

function redis.breakpoint()
  return false
end

function redis.debug() end

for name, f in pairs(redis) do
  if type(f) == 'function' and name ~= 'call' and name ~= 'pcall' then
    redis[name] = host.solid(f)
  end
end

-- What later versions of Lua say in other words.
local function reworded(e)
  if type(e) == 'string' then
    local before, kind = base.match(e, '^(.*attempt to call )constant .* %((a %a+ value)%)$')
    if before then
      return before .. kind
    end
    local head, rest = base.match(e, "^(.*bad argument #%d+ to )'for iterator'(.*)$")
    if head then
      return head .. "'(for generator)'" .. rest
    end
  end
  return e
end

-- An error that is a table with a text is caught as that text.
local function caught(ok, e, ...)
  if ok then
    return ok, e, ...
  end
  if type(e) == 'table' and type(e.err) == 'string' then
    return false, e.err
  end
  return false, reworded(e), ...
end

local kept = {
  _VERSION = 'Lua 5.1',
  assert = assert, collectgarbage = collectgarbage, coroutine = coroutine, error = error,
  gcinfo = gcinfo, ipairs = ipairs, rawequal = rawequal,
  select = select, type = type, xpcall = xpcall,
}

for _, name in ipairs({ 'getmetatable', 'load', 'loadstring', 'next', 'pairs', 'rawget', 'rawset', 'setmetatable',
  'tonumber', 'tostring', 'unpack' }) do
  kept[name] = base[name]
end

function kept.pcall(...)
  if select('#', ...) > 0 then
    return caught(pcall(...))
  end
end

coroutine.create, coroutine.wrap = base.create, base.wrap
table.concat, table.insert, table.setn = base.concat, base.insert, base.setn
for _, name in ipairs({ 'byte', 'char', 'dump', 'find', 'gmatch', 'gsub', 'match', 'sub' }) do
  string[name] = base[name]
end
string.gfind = string.gmatch
string.format, string.rep = host.text.format, host.text.rep

local libraries = {
  bit = host.bit,
  cjson = host.cjson,
  cmsgpack = host.cmsgpack,
  math = host.math,
  os = { clock = function() return 0 end },
  redis = redis,
  string = string,
  struct = host.struct,
  table = table,
}

for name, library in pairs(libraries) do
  kept[name] = protect({}, library)
end

local front = globals
for name in pairs(front) do
  front[name] = nil
end
kept._G = front
-- What is there is found without a call of a function.
protect(front, kept)
local function missing(_, name)
  error("Script attempted to access nonexistent global variable '" .. base.match(tostring(name), "^%Z*") .. "'", 2)
end
setmetatable(kept, { __index = missing })
base.shows(front, protect({}, { __index = missing }), protect({}, { __index = kept.string }))
local of_strings = getmetatable('')
of_strings.__newindex, of_strings.__index = read_only, kept.string

-- The host runs a script with `failed` as its message handler, which notes the line that raised an error.
local place
local function failed(e)
  place = host.place()
  -- The interpreter does not say where this happened.
  if place and (e == 'table index is nil' or e == 'table index is NaN') then
    local ok, at = pcall(error, '', 3)
    e = at .. e
  end
  return reworded(e)
end

-- The place that was noted; nil if the error was not raised by a line of the script.
local function failed_at()
  local at = place
  place = nil
  return at
end

return kept, failed, failed_at
