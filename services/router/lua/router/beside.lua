-- A dyno that is restarted has two containers under its one name for a while. Here stands which of them requests go to.
--
-- In the shared dictionary `health`, by the dyno's name:
--   only    the address of the container that gets its requests, whatever Docker's DNS says
--   second  the counter of requests given to the new container, beside the dyno's own: what the dyno has more, the old
--           container has

local inflight = require "router.inflight"

local M = {}

local health = ngx.shared.health

local LOOK = 0.01
-- Looks that have to find no request: one that leaves between the two readings would be missing in one of them.
local LOOKS = 3

-- Where the dyno's requests go; nil: where its name leads.
function M.only(name)
  return health:get("only:" .. name)
end

-- The counter of the new container, once requests go there.
function M.second(name)
  return health:get("second:" .. name)
end

-- Whether a request may go to an address that was found before something changed.
function M.allows(name, address)
  local only = M.only(name)
  return only == nil or only == address
end

-- Keeps requests at one container, for `seconds` at most: whoever said so may be killed.
function M.keep(name, address, seconds)
  health:delete("second:" .. name)
  health:set("only:" .. name, address, seconds)
end

-- Gives requests to the new container from now on.
function M.move(name, address, seconds)
  health:set("second:" .. name, name .. "@" .. address, seconds)
  health:set("only:" .. name, address, seconds)
end

-- The name leads to one container again.
function M.forget(name)
  local second = M.second(name)
  health:delete("only:" .. name)
  health:delete("second:" .. name)
  if second then inflight.forget(second) end
end

-- Nobody answers at the address: it is right only as long as Docker has a container there.
-- @param all the addresses that Docker's DNS has of the name; nil: it did not say
-- @return whether it was forgotten
function M.doubt(name, all)
  local only = M.only(name)
  if not only or not all or not all[1] then return false end
  for _, address in ipairs(all) do
    if address == only then return false end
  end
  M.forget(name)
  return true
end

-- Waits until the old container has no request in flight. Returns what is left after `seconds`.
function M.drain(name, seconds)
  local deadline = ngx.now() + seconds
  local looks, left = 0, 0
  while true do
    local second = M.second(name)
    -- It was given back, or the name leads to one again.
    if not second then return 0 end
    local new = inflight.count(second)
    left = inflight.count(name) - new
    looks = left > 0 and 0 or looks + 1
    if looks == LOOKS then return 0 end
    if ngx.now() >= deadline then return math.max(left, 0) end
    ngx.sleep(LOOK)
  end
end

return M
