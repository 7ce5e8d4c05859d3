-- Turns a plain Lua state into the one that Redis gives to scripts: a fixed set of globals that
-- cannot be changed, `redis`, and the libraries for JSON, MessagePack, bits and structs.
--
-- `host` holds functions of the engine. What `host.solid` wraps is a function of the host for the
-- script that calls it: its own frame is not replaced by a tail call, so errors name its line.
local host, globals = ...

local error, type, tostring, tonumber = error, type, tostring, tonumber
local select, unpack = select, unpack
local pcall, xpcall, rawset, rawget, next, pairs = pcall, xpcall, rawset, rawget, next, pairs
local setmetatable, getmetatable, sub = setmetatable, getmetatable, string.sub

-- Tables that look read-only: an empty table in front, the contents behind it.
local behind = setmetatable({}, { __mode = 'k' })

local function read_only()
  error('Attempt to modify a readonly table', 2)
end

local function protect(front, contents)
  behind[front] = contents
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
  if not string.find(text, ' ', 1, true) then
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

-- An error that is a table with a text is caught as that text.
local function caught(ok, e, ...)
  if not ok and type(e) == 'table' and type(e.err) == 'string' then
    return false, e.err
  end
  return ok, e, ...
end

local kept = {
  _VERSION = 'Lua 5.1',
  assert = assert, collectgarbage = collectgarbage, coroutine = coroutine, error = error,
  gcinfo = gcinfo, ipairs = ipairs, load = load, loadstring = loadstring, rawequal = rawequal,
  select = select, type = type, unpack = unpack, xpcall = xpcall,
}

-- C's conversion also reads these.
local spelled = { inf = 1 / 0, infinity = 1 / 0, nan = host.nan }

function kept.tonumber(...)
  local number = tonumber(...)
  if number == nil and select('#', ...) == 1 and type((...)) == 'string' then
    local sign, word = string.match(string.lower((...)), '^%s*([+-]?)(%a+)%s*$')
    number = spelled[word]
    if number and sign == '-' then
      number = -number
    end
  end
  return number
end

function kept.pcall(...)
  return caught(pcall(...))
end

function kept.next(t, key)
  return next(behind[t] or t, key)
end

function kept.pairs(t)
  return pairs(behind[t] or t)
end

function kept.rawget(t, key)
  return rawget(behind[t] or t, key)
end

function kept.rawset(t, key, value)
  if behind[t] then
    error('Attempt to modify a readonly table', 0)
  end
  return rawset(t, key, value)
end

function kept.setmetatable(t, metatable)
  if behind[t] then
    error('Attempt to modify a readonly table', 0)
  end
  return setmetatable(t, metatable)
end

function kept.getmetatable(t)
  if behind[t] then
    return {}
  end
  return getmetatable(t)
end

-- Addresses differ from run to run, so nothing shows them.
function kept.tostring(...)
  local text = tostring(...)
  local kind = type((...))
  if kind == 'table' or kind == 'function' or kind == 'thread' then
    if string.find(text, '^' .. kind .. ': ') then
      return kind .. ': 0x0'
    end
  end
  return text
end

math.random, math.randomseed = host.math.random, host.math.randomseed
string.format, string.rep = host.text.format, host.text.rep

local libraries = {
  bit = host.bit,
  cjson = host.cjson,
  cmsgpack = host.cmsgpack,
  math = math,
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
setmetatable(kept, { __index = function(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end })
getmetatable('').__newindex = read_only

-- The host runs a script with `failed` as its message handler, which notes the line of it that raised an error.
local function position(_, at)
  return at
end

local line
local function failed(e)
  line = nil
  for level = 3, 12 do
    local at = position(pcall(error, '', level))
    local found = type(at) == 'string' and string.match(at, '^user_script:(%d+):')
    if found then
      line = found
      break
    end
  end
  return e
end

-- The line that was noted; nil if the error was not raised by a line of the script.
local function failed_at()
  local at = line
  line = nil
  return at
end

return kept, failed, failed_at
