-- Docker's DNS, asked directly: nginx' own resolver believes its TTL of 600 s, while a dyno's address
-- changes at every start. An answer takes half a millisecond.

local bit = require "bit"

local beside = require "router.beside"
local late = require "router.late"

local M = {}

local SERVER, PORT = "127.0.0.11", 53
-- How old an address may be, in seconds: short, because a freed one may become another app's.
local FRESH = 1
local TIMEOUT_MS, ATTEMPTS = 250, 2

local TYPE_A = 1
local NXDOMAIN = 3

local known = {}

-- A DNS question for an A record (RFC 1035, section 4).
function M.question(id, name)
  local labels = {}
  for label in name:gmatch "[^.]+" do labels[#labels + 1] = string.char(#label) .. label end
  local header = string.char(bit.rshift(id, 8), bit.band(id, 255), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
  return header .. table.concat(labels) .. "\0" .. "\0\1\0\1"
end

local function u16(packet, at)
  local high, low = packet:byte(at, at + 1)
  return high * 256 + low
end

local function skip_name(packet, at)
  while true do
    local length = packet:byte(at)
    if length == 0 then return at + 1 end
    if length >= 192 then return at + 2 end
    at = at + 1 + length
  end
end

local function addresses(packet)
  local found = {}
  local answers = u16(packet, 7)
  local at = skip_name(packet, 13) + 4
  for _ = 1, answers do
    at = skip_name(packet, at)
    local kind, length = u16(packet, at), u16(packet, at + 8)
    at = at + 10
    if kind == TYPE_A and length == 4 then found[#found + 1] = table.concat({ packet:byte(at, at + 3) }, ".") end
    at = at + length
  end
  return found
end

-- The first address in an answer, nil, and all of them; nil and "gone" when there is no such name, nil and "failed"
-- when the answer says nothing about the name.
function M.answer(packet, id)
  if #packet < 12 or u16(packet, 1) ~= id then return nil, "failed" end
  local code = bit.band(packet:byte(4), 15)
  if code == NXDOMAIN then return nil, "gone" end
  if code ~= 0 then return nil, "failed" end
  local ok, found = pcall(addresses, packet)
  if not ok then return nil, "failed" end
  if not found[1] then return nil, "gone" end
  return found[1], nil, found
end

local function ask(name)
  local socket = ngx.socket.udp()
  socket:settimeout(TIMEOUT_MS)
  if not socket:setpeername(SERVER, PORT) then return nil, "failed" end
  local id = math.random(0, 65535)
  socket:send(M.question(id, name))
  local packet = socket:receive()
  socket:close()
  if not packet then return nil, "failed" end
  return M.answer(packet, id)
end

-- The name's address now, nil, and all it has; nil and "gone" or "failed" as above. Of a dyno that is being restarted
-- the address that gets its requests.
function M.resolve(name)
  local address, problem, all
  for _ = 1, ATTEMPTS do
    address, problem, all = ask(name)
    if problem ~= "failed" then break end
  end
  local only = beside.only(name)
  if only then
    known[name] = { address = only, at = ngx.now(), second = beside.second(name) }
    return only, nil, all
  end
  if address then
    known[name] = { address = address, at = ngx.now() }
    late.found(name)
  elseif problem == "gone" then
    known[name] = nil
  end
  return address, problem, all
end

-- The address of a dyno whose name is late.
local function nameless(name)
  local address = late.address(name)
  if address then known[name] = { address = address, at = ngx.now() } end
  return address
end

-- Where the dyno of this name is; also when its name is late, of which Docker's DNS says that it is gone, or fails, as it
-- asks the host's. Nil when it is nowhere.
function M.find(name)
  return M.resolve(name) or nameless(name)
end

-- The name's address when it is at most a second old, and was asked for since the route table had this version: a dyno
-- that was stopped and has come back is another container, while the one before may still answer for a moment. Else nil;
-- nobody is asked.
function M.known(name, version)
  local entry = known[name]
  if entry and entry.version == version and ngx.now() - entry.at < FRESH then return entry.address end
end

-- The same, asked for when it is not known. Older when Docker's DNS does not answer, as while its daemon is being
-- restarted. Nil when there is no such name.
function M.address(name, version)
  local fresh = M.known(name, version)
  if fresh then return fresh end
  local entry = known[name]
  -- One request asks; those that come meanwhile go where it was a moment ago.
  if entry and entry.version == version then entry.at = ngx.now() end
  local address, problem = M.resolve(name)
  if problem == "failed" and entry then return entry.address end
  address = address or nameless(name)
  if address then known[name].version = version end
  return address
end

-- The counter of a dyno's new container, if that is where its name led last (see router.beside).
function M.second(name)
  return known[name] and known[name].second
end

-- The address that this worker was told last; nil when it knows none.
function M.last(name)
  return known[name] and known[name].address
end

-- What was known of a name is wrong.
function M.forget(name)
  known[name] = nil
end

return M
