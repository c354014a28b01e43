-- Runs the tests that stand beside the modules, in plain LuaJIT, on a stand-in for what nginx gives:
--     luajit test.lua dns_test choice_test …
-- A test file returns { ["what is so"] = function … end }. Prints a line for each and ends with 1 if any failed.

local folder = arg[0]:match "^(.*)/" or "."
package.path = folder .. "/?.lua;" .. package.path

local clock = 1000

local function dictionary()
  local values, ends = {}, {}
  local dict = {}
  function dict.get(_, key)
    if ends[key] and ends[key] <= clock then values[key], ends[key] = nil, nil end
    return values[key]
  end
  function dict.set(_, key, value, seconds)
    values[key], ends[key] = value, seconds and clock + seconds
    return true
  end
  dict.safe_set = dict.set
  function dict.add(_, key, value, seconds)
    if dict:get(key) ~= nil then return false, "exists" end
    return dict:set(key, value, seconds)
  end
  function dict.incr(_, key, by, init)
    values[key] = (dict:get(key) or init) + by
    return values[key]
  end
  function dict.delete(_, key) values[key], ends[key] = nil, nil end
  function dict.get_keys()
    local keys = {}
    for key in pairs(values) do keys[#keys + 1] = key end
    return keys
  end
  return dict
end

-- Time passes only by sleeping.
local function stand_in()
  return {
    shared = setmetatable({}, { __index = function(dicts, name)
      dicts[name] = dictionary()
      return dicts[name]
    end }),
    ctx = {},
    now = function() return clock end,
    update_time = function() end,
    sleep = function(seconds) clock = clock + seconds end,
    log = function() end,
    timer = { at = function() return true end, every = function() return true end },
    worker = { exiting = function() return false end, pid = function() return 1 end, id = function() return 0 end },
  }
end

function assert_equal(actual, expected, what)
  if actual ~= expected then
    error((what or "value") .. ": " .. tostring(actual) .. " instead of " .. tostring(expected), 2)
  end
end

-- A module as it is loaded first, with others replaced.
function fresh(name, replaced)
  for loaded in pairs(package.loaded) do
    if loaded:match "^router%." then package.loaded[loaded] = nil end
  end
  for other, module in pairs(replaced or {}) do package.loaded[other] = module end
  return require(name)
end

local failed = 0
for _, file in ipairs(arg) do
  local names = {}
  local tests = dofile(folder .. "/router/" .. file .. ".lua")
  for name in pairs(tests) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    ngx = stand_in()
    local ok, problem = xpcall(tests[name], debug.traceback)
    print((ok and "ok   " or "FAIL ") .. file:gsub("_test$", "") .. ": " .. name)
    if not ok then
      failed = failed + 1
      print(problem)
    end
  end
end
os.exit(failed == 0 and 0 or 1)
