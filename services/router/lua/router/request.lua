-- What happens to a request, phase by phase (see nginx.conf for the locations).

local balancer = require "ngx.balancer"

local choice = require "router.choice"
local dns = require "router.dns"
local health = require "router.health"
local hold = require "router.hold"
local inflight = require "router.inflight"
local page = require "router.page"
local routes = require "router.table"

local M = {}

-- Seconds that a request waits for a dyno, and how often it is tried on dynos that cannot be reached.
local HOLD, ATTEMPTS = 30, 8
local CONNECT = 0.5
-- Seconds between two reads or writes. An open WebSocket may be quiet for longer than an answer.
local SILENCE, SILENCE_UPGRADED = 30, 3600
-- A longer body is not kept, but streamed: it cannot be sent a second time.
local KEPT_BODY = 1048576

local IDEMPOTENT = { GET = true, HEAD = true, OPTIONS = true, TRACE = true, PUT = true, DELETE = true }

local function accepts(address, port)
  local socket = ngx.socket.tcp()
  socket:settimeout(CONNECT * 1000)
  local ok = socket:connect(address, port)
  socket:close()
  return ok
end

-- The address of a dyno that seems to be there; else nil, and the dyno counts as down.
local function reach(entry, dyno, streamed)
  local address = dns.address(dyno.name)
  if address and (not streamed or accepts(address, dyno.port)) then return address end
  health.mark_down(entry, dyno)
end

-- Finds the request a dyno and counts it in; waits when none is there. Answers itself when there is none
-- to be had.
local function assign(streamed)
  local deadline
  while true do
    local entry, generation = routes.for_host(ngx.var.host)
    if not entry then return page.nothing_here() end
    if not entry.dynos[1] then return page.nothing_deployed(entry.app) end
    local dyno = choice.pick(entry.dynos, health.is_usable, inflight.count)
    local address = dyno and reach(entry, dyno, streamed)
    if address then
      if deadline then hold.pace(entry.app) end
      inflight.enter(dyno.name)
      if routes.is_current(entry, generation) then
        hold.finish()
        local ctx = ngx.ctx
        ctx.address, ctx.port = address, dyno.port
        ngx.var.dyno = dyno.name
        return
      end
      inflight.leave(dyno.name)
    elseif not dyno then
      deadline = deadline or ngx.now() + HOLD
      if ngx.now() > deadline or not hold.wait(entry) then return page.application_error "H10" end
    end
  end
end

local function is_streamed()
  if ngx.var.http_transfer_encoding then return true end
  local length = ngx.var.http_content_length
  return length and tonumber(length) and tonumber(length) > KEPT_BODY
end

-- Access phase of the first location.
function M.access()
  if is_streamed() then return ngx.exec "@stream" end
  return assign(false)
end

-- Access phase of a request whose body is streamed: its dyno is asked first whether it accepts connections.
function M.access_streamed()
  ngx.var.streamed = "1"
  return assign(true)
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

-- Access phase after an attempt failed. What never reached a dyno goes to another, or waits; what did is
-- sent once more if that does no harm.
function M.access_again()
  local var = ngx.var
  local name = var.dyno
  inflight.leave(name)
  var.dyno = ""
  if tonumber(last(var.upstream_bytes_sent)) == 0 then
    local entry = routes.for_host(var.host)
    local dyno = find(entry, name)
    if dyno then health.mark_down(entry, dyno) end
    var.attempts = (tonumber(var.attempts) or 0) + 1
    if var.streamed ~= "" or tonumber(var.attempts) == ATTEMPTS then return page.application_error "H21" end
  else
    if last(var.upstream_status) == "504" then return page.application_error "H12" end
    if var.resent ~= "" or var.streamed ~= "" or not IDEMPOTENT[var.request_method] then
      return page.application_error "H13"
    end
    var.resent = "1"
  end
  return assign(false)
end

-- Balancer phase: may not wait, so everything was decided before.
function M.balance()
  local ctx = ngx.ctx
  local ok, problem = balancer.set_current_peer(ctx.address, ctx.port)
  if not ok then error(problem) end
  balancer.set_timeouts(CONNECT, SILENCE, ngx.var.http_upgrade and SILENCE_UPGRADED or SILENCE)
end

-- Log phase.
function M.log()
  local name = ngx.var.dyno
  if name and name ~= "" then inflight.leave(name) end
  hold.finish()
end

return M
