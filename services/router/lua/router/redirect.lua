-- Who is sent from HTTP to HTTPS, and told to come by HTTPS alone from now on (HSTS): only where that was declared.

local certificates = require "router.certificates"

local M = {}

-- Where the platform is reached by HTTPS; undefined: nowhere.
local PORT = os.getenv "DYNOFORM_HTTPS_PORT"
-- What the platform declares for its own pages.
local DASHBOARD = { redirect = os.getenv "DYNOFORM_REDIRECT" == "true", hsts = tonumber(os.getenv "DYNOFORM_HSTS") or 0 }

local CHALLENGE = "^/%.well%-known/acme%-challenge/"

-- What came by HTTPS, to us or to a proxy that the platform names.
function M.is_secure(var)
  return var.forwarded_proto == "https"
end

-- The address of a request over HTTPS; nil where nobody would answer there. A proxy in front has certificates of its own.
local function secure(var)
  local host = var.host
  if var.trusted == "trusted" then return "https://" .. host .. var.request_uri end
  if not PORT or not certificates.host_for(host) then return nil end
  return "https://" .. host .. (PORT == "443" and "" or ":" .. PORT) .. var.request_uri
end

-- What the header says for an entry; empty: there is none. Over HTTP it means nothing.
function M.hsts(entry, var)
  return M.is_secure(var) and "max-age=" .. entry.hsts or ""
end

-- Access phase. Answers itself, which does not return, or goes on. A form that was sent stays one.
function M.app(entry, var)
  if entry.hsts > 0 then var.hsts = M.hsts(entry, var) end
  if not entry.redirect or M.is_secure(var) or var.uri:match(CHALLENGE) then return end
  local target = secure(var)
  if not target then return end
  local method = var.request_method
  ngx.header["Cache-Control"] = "no-store"
  return ngx.redirect(target, (method == "GET" or method == "HEAD") and 301 or 308)
end

function M.dashboard(var)
  return M.app(DASHBOARD, var)
end

-- What HSTS says for another of the platform's own names.
function M.platform_hsts(var)
  if DASHBOARD.hsts > 0 then var.hsts = M.hsts(DASHBOARD, var) end
end

return M
