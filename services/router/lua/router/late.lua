-- Where a dyno is that Docker's DNS has no name of although its container runs: now and then names are late by half a
-- minute and more (moby #42833, #53141). The control plane, which follows Docker's events, knows it.
--
-- In the shared dictionary `health`, by the dyno's name:
--   missing  since when it has no name
--   told     the address that the control plane told; false: it knows of none

local control = require "router.control"

local M = {}

local health = ngx.shared.health

-- Seconds without a name until the control plane is asked, and for which its word is taken: short, because a freed
-- address may become another app's.
local LATE, FRESH = 1, 1
-- For so long it is remembered that a name was missing (seconds).
local MISSING = 120

local function told(name)
  local status, address = control.ask("GET", "/dynos/" .. name .. "/address")
  return status == 200 and address:match "^%d+%.%d+%.%d+%.%d+$" or false
end

-- The address of a dyno without a name; nil when it is not late yet, or does not run.
function M.address(name)
  local now = ngx.now()
  local since = health:get("missing:" .. name) or now
  health:set("missing:" .. name, since, MISSING)
  if now - since < LATE then return nil end
  local address = health:get("told:" .. name)
  if address == nil then
    address = told(name)
    health:set("told:" .. name, address, FRESH)
  end
  return address or nil
end

-- Its name is there.
function M.found(name)
  health:delete("missing:" .. name)
end

return M
