-- The platform's own names: the dashboard and, once the platform is reached from anywhere, its API and Git. They are looked
-- at before the table, so that no app's domain can stand in for one of them.

local page = require "router.page"
local redirect = require "router.redirect"

local M = {}

-- Undefined: there is none.
local DASHBOARD = os.getenv "DYNOFORM_DASHBOARD"
-- The domain of a platform that is reached from anywhere; undefined: it is not.
local PUBLIC = os.getenv "DYNOFORM_PUBLIC"

-- What `dynoform connect` asks for.
local TUNNEL = { path = "/connect", protocol = "dynoform-tunnel" }

-- Bytes of a form or a webhook; the largest come from GitHub.
local FORM = 26 * 1048576

-- Which part of the platform a host name is; nil: it is none.
M.parts = {}
if DASHBOARD then M.parts[DASHBOARD] = "dashboard" end
if PUBLIC then
  for _, part in ipairs { "api", "git", "dashboard" } do M.parts[part .. "." .. PUBLIC] = part end
end

local function say(part, status, id, message)
  ngx.status = status
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["Content-Type"] = part == "api" and "application/json" or "text/plain; charset=utf-8"
  ngx.print(part == "api" and '{"id":"' .. id .. '","message":"' .. message .. '"}\n' or message .. "\n")
  return ngx.exit(ngx.OK)
end

-- Whether the header `Host`, which goes on as it is, names the host that the request was sorted by: a whole URL in the
-- first line overrules it.
local function is_one_host(var)
  local given = (var.http_host or ""):lower():gsub(":%d*$", "")
  return given == var.host
end

local function is_tunnel(var)
  return var.uri == TUNNEL.path and var.http_upgrade == TUNNEL.protocol and var.request_method == "GET"
    and var.server_protocol == "HTTP/1.1" and not var.content_length and not var.http_transfer_encoding
end

-- A password and a token may not go in clear: a browser comes again by HTTPS, and what holds a token is to learn of it.
local function in_clear(part, var)
  if part == "dashboard" then redirect.dashboard(var) end
  return say(part, 403, "https_only", "This is served over HTTPS only: ask https://" .. var.host .. ".")
end

-- Access phase of a request at one of these names. Answers itself, or sends it on.
function M.access(part, var)
  if not PUBLIC then
    redirect.dashboard(var)
    return ngx.exec "@dashboard"
  end
  if not is_one_host(var) then return say(part, 400, "bad_request", "This request names two hosts.") end
  if not redirect.is_secure(var) then return in_clear(part, var) end
  redirect.platform_hsts(var)
  if part == "dashboard" then
    if (tonumber(var.content_length) or 0) > FORM then return say(part, 413, "request_too_large", "That is too large.") end
    return ngx.exec "@dashboard"
  end
  if part ~= "api" or not is_tunnel(var) then return ngx.exec "@api" end
  var.platform_connection, var.platform_upgrade = "upgrade", TUNNEL.protocol
  return ngx.exec "@tunnel"
end

-- The control plane is not there.
function M.away(var)
  local part = M.parts[var.host]
  if part == "dashboard" then return page.away() end
  ngx.header["Retry-After"] = 5
  return say(part, 503, "unavailable", "The platform is being started. Try again in a moment.")
end

return M
