-- Asks a dyno whether it serves. uWSGI listens before it has imported the app, so that a connection that is
-- accepted proves little: what counts is an answer. One probe at a time: a connect every few milliseconds
-- would fill uWSGI's listen queue.

local dns = require "router.dns"

local M = {}

local health = ngx.shared.health

local CONNECT_MS = 500
-- Between probes: a share of the time waited so far, within these bounds (seconds).
local SHORTEST, LONGEST, SHARE = 0.005, 0.1, 0.01
-- An answer of 500 comes at once; the app is not asked more often than this.
local AFTER_ANSWER = 0.25
-- For so long it is remembered that a dyno listened (seconds).
local BOUND = 600

local function request(check, host)
  return "GET " .. check.path .. " HTTP/1.1\r\nHost: " .. host
    .. "\r\nUser-Agent: dynoform-router\r\nAccept: */*\r\nConnection: close\r\n\r\n"
end

-- One probe. Returns true for an accepted connection (tcp) or an answer (http) and its status; else nil and
-- "no_name", "refused" or "no_answer".
-- @param seconds how long the answer may take
-- @param at the address that is asked; nil: where the dyno's name leads
function M.once(dyno, check, host, seconds, at)
  local address = at or dns.find(dyno.name)
  if not address then return nil, "no_name" end
  local socket = ngx.socket.tcp()
  socket:settimeouts(CONNECT_MS, CONNECT_MS, math.max(seconds * 1000, 1))
  if not socket:connect(address, dyno.port) then return nil, "refused" end
  health:set("bound:" .. dyno.name, address, BOUND)
  if check.type == "tcp" then
    socket:close()
    return true
  end
  socket:send(request(check, host))
  local line = socket:receive "*l"
  socket:close()
  local status = line and line:match "^HTTP/%d%.%d (%d%d%d)"
  if not status then return nil, "no_answer" end
  return true, tonumber(status)
end

-- Probes until the dyno answers below 500, or what it does may be taken as well.
-- @param overtaken tells that the result is of no use any more
-- @param takes asked about each answer of 500 or more, and about a dyno that listens and gives no answer until the
-- deadline: true; false, it is probed on; or why it is not, which ends it
-- @return why not; or nil and what was taken. Either is { reason, status, answered }, or the former "overtaken".
-- `answered` is when the first answer came (seconds since 1970): what the app wrote before it tells more than its lines
-- about each probe after it.
-- @param at the address that is asked; nil: where the dyno's name leads
function M.until_ready(dyno, check, host, overtaken, takes, at)
  local started = ngx.now()
  local deadline = started + check.timeout
  local first
  while true do
    local answered, detail = M.once(dyno, check, host, deadline - ngx.now(), at)
    if answered and (not detail or detail < 500) then return nil end
    ngx.update_time()
    first = first or answered and ngx.now()
    local took = answered and takes()
    if took == true then return nil, { reason = "status", status = detail, answered = first } end
    if took then return { reason = took, status = detail, answered = first } end
    local waited = ngx.now() - started
    local pause = answered and AFTER_ANSWER or math.min(math.max(waited * SHARE, SHORTEST), LONGEST)
    if ngx.now() + pause >= deadline then
      took = detail == "no_answer" and takes()
      if took == true then return nil, { reason = detail } end
      if took then return { reason = took } end
      return answered and { reason = "status", status = detail, answered = first } or { reason = detail }
    end
    if overtaken() then return "overtaken" end
    ngx.sleep(pause)
  end
end

-- Whether a dyno was seen to listen, where it is now: its container before that may have had another address.
function M.is_bound(name)
  local address = health:get("bound:" .. name)
  return address ~= nil and address == dns.find(name)
end

return M
