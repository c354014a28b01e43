local dynos = { { name = "a" }, { name = "b" }, { name = "c" } }

local function yes() return true end

return {
  ["equals take turns"] = function()
    local choice = fresh "router.choice"
    local seen = {}
    for _ = 1, 9 do
      local name = choice.pick(dynos, yes, function() return 0 end).name
      seen[name] = (seen[name] or 0) + 1
    end
    for _, dyno in ipairs(dynos) do assert_equal(seen[dyno.name], 3, dyno.name) end
  end,
  ["the one with the fewest requests in flight is taken"] = function()
    local choice = fresh "router.choice"
    local load = { a = 3, b = 1, c = 2 }
    for _ = 1, 3 do
      assert_equal(choice.pick(dynos, yes, function(name) return load[name] end).name, "b")
    end
  end,
  ["one that is not usable is never taken"] = function()
    local choice = fresh "router.choice"
    local function usable(name) return name ~= "b" end
    for _ = 1, 9 do
      assert_equal(choice.pick(dynos, usable, function(name) return name == "b" and 0 or 5 end).name ~= "b", true)
    end
    assert_equal(choice.pick(dynos, function() return false end, function() return 0 end), nil)
    assert_equal(choice.pick({ dynos[2] }, usable, function() return 0 end), nil)
  end,
  ["one that is avoided is not taken, even if it is the only one"] = function()
    local choice = fresh "router.choice"
    local function load(name) return name == "b" and 0 or 5 end
    for _ = 1, 9 do assert_equal(choice.pick(dynos, yes, load, "b").name ~= "b", true) end
    assert_equal(choice.pick({ dynos[2] }, yes, load, "b"), nil)
  end,
  ["one that was given back is picked again"] = function()
    local choice = fresh "router.choice"
    local function load() return 0 end
    local first = choice.pick(dynos, yes, load)
    choice.give_back()
    assert_equal(choice.pick(dynos, yes, load), first)
    assert_equal(choice.pick(dynos, yes, load) ~= first, true)
  end,
}
