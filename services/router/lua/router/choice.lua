-- Which dyno takes a request: the one with the fewest in flight; of equals, in turn.

local M = {}

-- Looking at more costs time and finds hardly a better one.
local MOST = 8

local turn = 0

-- @param dynos the entry's dynos
-- @param usable tells of a dyno's name whether it may be chosen
-- @param load gives the requests in flight of a dyno's name
-- @param avoided the name of a dyno that is not chosen
-- @return a dyno; nil when none is usable
function M.pick(dynos, usable, load, avoided)
  local count = #dynos
  if count == 1 then
    local name = dynos[1].name
    return name ~= avoided and usable(name) and dynos[1] or nil
  end
  turn = turn + 1
  local best, least, seen = nil, math.huge, 0
  for i = 0, count - 1 do
    local dyno = dynos[(turn + i) % count + 1]
    if dyno.name ~= avoided and usable(dyno.name) then
      local busy = load(dyno.name)
      if busy < least then best, least = dyno, busy end
      seen = seen + 1
      if seen == MOST or busy == 0 then break end
    end
  end
  return best
end

-- The last pick could not be used yet, and is made anew: otherwise it would be passed over each time.
function M.give_back()
  turn = turn - 1
end

return M
