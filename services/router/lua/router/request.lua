-- What happens to a request, phase by phase (see nginx.conf for the locations).

local balancer = require "ngx.balancer"

local activity = require "router.activity"
local beside = require "router.beside"
local choice = require "router.choice"
local deadline = require "router.deadline"
local dns = require "router.dns"
local early = require "router.early"
local health = require "router.health"
local hold = require "router.hold"
local inflight = require "router.inflight"
local limits = require "router.limits"
local ongoing = require "router.ongoing"
local page = require "router.page"
local platform = require "router.platform"
local redirect = require "router.redirect"
local routes = require "router.table"
local wake = require "router.wake"

local M = {}

-- How often a request is tried on dynos that cannot be reached.
local ATTEMPTS = 8
local CONNECT_MS = 500
-- A longer body is not kept, but streamed: it cannot be sent a second time.
local KEPT_BODY = 1048576
-- A body as long as nginx' client_body_buffer_size is sent to a dyno in one write, together with the headers.
local ONE_WRITE = 16384
-- Bytes that the headers of an answer may have: nginx.conf's proxy_buffer_size.
local HEADERS = 65536

local IDEMPOTENT = { GET = true, HEAD = true, OPTIONS = true, TRACE = true, PUT = true, DELETE = true }

local function accepts(address, port)
  local socket = ngx.socket.tcp()
  socket:settimeout(CONNECT_MS)
  local ok = socket:connect(address, port)
  socket:close()
  return ok
end

-- The address of a dyno that seems to be there; else nil, and the dyno counts as down.
local function reach(entry, version, dyno, streamed)
  local address = dns.address(dyno.name, version)
  if address and (not streamed or accepts(address, dyno.port)) then return address end
  health.mark_down(entry, dyno)
end

-- Counts a request out.
local function leave(request)
  if request.beside then inflight.leave(request.beside) end
  inflight.leave(request.dyno)
  request.dyno, request.beside = false, nil
end

-- Whether what a request was given by still stands, although something changed meanwhile.
local function still_stands(entry, name, address)
  return routes.is_current(entry) and health.is_usable(name) and beside.allows(name, address)
end

-- Counts a request in for a dyno. False when the dyno was taken away meanwhile: counted first and looked after, so
-- that either the request sees that, or who waits for the dyno's requests sees this one.
local function give(request, entry, version, dyno, address)
  inflight.enter(dyno.name)
  if not (routes.is_unchanged(version) or still_stands(entry, dyno.name, address)) then
    inflight.leave(dyno.name)
    return false
  end
  -- Whatever brings a request here a second time, it is counted once.
  if request.dyno then leave(request) end
  local second = dns.second(dyno.name)
  if second then
    inflight.enter(second)
    request.beside = second
  end
  deadline.start(request)
  request.dyno, request.address, request.port = dyno.name, address, dyno.port
  ngx.var.dyno = dyno.dyno or ""
  return true
end

-- What an entry says without a dyno; nil when there may be one.
local function own_answer(entry)
  if entry.maintenance then return page.maintenance() end
  if not entry.dynos[1] then
    return entry.welcome and page.welcome(entry.app) or page.application_error "H14"
  end
  if entry.mode == "quota" then return page.quota(entry.app) end
end

-- Waits for one of the entry's dynos, until `stop`. Answers itself when there is none to wait for.
local function wait(entry, stop)
  if entry.crashed then
    for _, dyno in ipairs(entry.dynos) do health.watch(entry, dyno) end
    return page.application_error "H10"
  end
  local rests = entry.mode == "asleep" or entry.mode == "napping"
  if rests and not wake.ask(entry.app) then return page.starting(entry.app) end
  local left = stop - ngx.now()
  -- Less than a millisecond is no wait at all, and without one no time would pass.
  if left < 0.001 then return page.application_error "H20" end
  if not hold.wait(entry.app, left) then return page.application_error "H11" end
end

-- Gives the request to a dyno of the entry; to the one named `avoided` only if no other is there. False when it was
-- not there; nil when none can be used.
local function offer(request, entry, version, avoided)
  local dyno = avoided and choice.pick(entry.dynos, health.is_usable, inflight.count, avoided)
    or choice.pick(entry.dynos, health.is_usable, inflight.count)
  if not dyno then return nil end
  local address = reach(entry, version, dyno, request.streamed)
  return address ~= nil and give(request, entry, version, dyno, address)
end

-- Finds the request a dyno and counts it in; waits when none is there. Answers itself when there is none to be had:
-- an answer of the router's own ends the phase and does not return.
local function find_dyno(avoided)
  local stop = ngx.now() + limits.hold
  local host, request = ngx.var.host, ongoing.current()
  while true do
    local entry, version = routes.for_host(host)
    if not entry then return page.nothing_here() end
    if entry.maintenance or entry.mode ~= "awake" or not entry.dynos[1] then own_answer(entry) end
    -- A dyno that is frozen would take the request, and keep it if it is never thawed.
    local given
    if entry.mode ~= "napping" then given = offer(request, entry, version, avoided) end
    if given then return end
    if given == nil then wait(entry, stop) end
  end
end

local function is_streamed(var)
  if var.http_transfer_encoding then return true end
  local length = var.content_length
  if not length and var.unmeasured == "streamed" then return true end
  return length and (tonumber(length) or 0) > KEPT_BODY
end

-- Access phase of what was not given to a dyno at once.
function M.access()
  local var = ngx.var
  local host = var.host
  -- Before the table: no app's domain may stand in for it.
  local part = platform.parts[host]
  if part then return platform.access(part, var) end
  local entry = routes.for_host(host)
  if entry then
    var.app = entry.app
    activity.note(entry.app)
    redirect.app(entry, var)
  end
  local protocol = var.http_upgrade
  if protocol and protocol:lower() == "websocket" then return ngx.exec "@socket" end
  if is_streamed(var) then return ngx.exec "@stream" end
  ongoing.current().long = (tonumber(var.content_length) or 0) > ONE_WRITE
  return find_dyno()
end

-- Access phase of a request whose body is streamed: its dyno is asked first whether it accepts connections.
function M.access_streamed()
  local request = ongoing.current()
  request.streamed, request.long = true, true
  return find_dyno()
end

-- Access phase of a WebSocket.
function M.access_socket()
  return find_dyno()
end

-- Gives a request to a dyno whose address is known. False: there is none, or the request wants more.
-- LuaJIT compiles this, as long as no loop and no new function is on the way.
local function give_at_once(request)
  local var = ngx.var
  local host = var.host
  local entry, version = routes.for_host(host)
  if not entry or entry.mode ~= "awake" or entry.maintenance or entry.redirect or platform.parts[host] then
    return false
  end
  if entry.hsts > 0 then var.hsts = redirect.hsts(entry, var) end
  var.app = entry.app
  local dyno = choice.pick(entry.dynos, health.is_usable, inflight.count)
  local address = dyno and dns.known(dyno.name, version)
  if not address then
    choice.give_back()
    return false
  end
  if not give(request, entry, version, dyno, address) then return false end
  activity.note(entry.app)
  return true
end

-- Balancer phase.
function M.connect()
  local request = ongoing.current()
  if not request.dyno and not give_at_once(request) then return ngx.exit(ngx.DECLINED) end
  local ok, problem = balancer.set_current_peer(request.address, request.port)
  if not ok then error(problem) end
  if request.long then early.expect(request) end
end

-- Header phase of a request that has a body.
function M.answered()
  early.begun(ongoing.current())
end

-- The last of the values that nginx lists for a request's attempts.
local function last(list)
  return (list or ""):match "([^%s,:]*)$"
end

local function find(entry, name)
  for _, dyno in ipairs(entry and entry.dynos or {}) do
    if dyno.name == name then return dyno end
  end
end

-- Access phase after an attempt failed, or when there was none. What never reached a dyno goes to another, or waits;
-- what did is sent once more if that does no harm.
function M.access_again()
  local var, request = ngx.var, ongoing.current()
  local name = request.dyno
  if not name then return M.access() end
  local late = deadline.finish(request)
  leave(request)
  if tonumber(last(var.upstream_bytes_sent)) == 0 then
    local entry = routes.for_host(var.host)
    local dyno = find(entry, name)
    if dyno then health.mark_down(entry, dyno) end
    request.attempts = (request.attempts or 0) + 1
    var.dyno = ""
    if request.streamed or request.attempts == ATTEMPTS then return page.application_error "H21" end
    return find_dyno()
  end
  local received = tonumber(last(var.upstream_bytes_received)) or 0
  local answer = not late and received == 0 and early.take(request)
  if answer then return early.pass(answer) end
  local code = late or last(var.upstream_status) == "504" and "H12"
    or received >= HEADERS and "H25" or received > 0 and "H17"
  local once = not request.resent and not request.streamed and IDEMPOTENT[var.request_method]
  if code or not once then return page.application_error(code or "H13") end
  request.resent = true
  -- One that is being killed may still accept for a moment, and has the fewest requests in flight.
  return find_dyno(name)
end

-- The control plane, which serves the platform's own names, is not there.
function M.platform_away()
  return platform.away(ngx.var)
end

-- An error of the router's own.
function M.broken()
  return page.application_error "H99"
end

-- Log phase.
function M.log()
  local request = ongoing.finish()
  if not request then return end
  early.forget(request)
  if request.dyno then
    leave(request)
    local late = deadline.finish(request)
    if late then ngx.var.code = late end
  elseif request.held then
    hold.finish(request.held)
    ngx.var.code = "H27"
  end
end

return M
