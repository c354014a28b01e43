-- The module with dynos that are usable or not, and what the rest says; timers and waiting are run by hand.
local function hold(state)
  state.watched, state.timers, state.posted, state.asked = 0, {}, 0, 0
  state.request = {}
  ngx.timer.at = function(_, run, ...)
    local arguments = { ... }
    state.timers[#state.timers + 1] = function() run(false, unpack(arguments)) end
    return not state.exiting
  end
  return fresh("router.hold", {
    ["ngx.semaphore"] = { new = function()
      return {
        post = function(_, count) state.posted = state.posted + count end,
        wait = function(_, seconds)
          state.waited = seconds
          if state.during then state.during() end
        end,
      }
    end },
    ["router.activity"] = { touch = function(app) state.touched = app end },
    ["router.health"] = {
      is_usable = function(name) return state.usable and state.usable[name] end,
      watch = function() state.watched = state.watched + 1 end,
    },
    ["router.inflight"] = {
      count = function(name) return (state.busy or {})[name] or 0 end,
      workers = function() return 2 end,
    },
    ["router.ongoing"] = { current = function() return state.request end },
    ["router.table"] = { get = function() return state.entry end },
    ["router.wake"] = { ask = function()
      state.asked = state.asked + 1
      return not state.refused
    end },
  })
end

local function entry(mode)
  return { app = "hello", mode = mode or "awake", dynos = { { name = "a" }, { name = "b" } } }
end

-- Has `count` requests wait when the timer looks first.
local function look_with(state, module, count)
  local waiting = 0
  state.during = function()
    waiting = waiting + 1
    if waiting < count then
      module.wait("hello", 60)
    else
      -- One look: then all leave.
      ngx.sleep = function() for _ = 1, count do module.finish "hello" end end
      state.timers[1]()
    end
  end
  module.wait("hello", 60)
end

return {
  ["a request that waits has its dynos asked for, and is counted for the log phase"] = function()
    local state = { entry = entry() }
    local module = hold(state)
    state.during = function() assert_equal(state.request.held, "hello") end
    assert_equal(module.wait("hello", 7), true)
    assert_equal(state.request.held, nil)
    assert_equal(state.waited, 7)
    assert_equal(#state.timers, 1)
    look_with(state, module, 1)
    assert_equal(state.watched, 2)
    assert_equal(state.touched, "hello", "an app that is waited for is not idle")
    assert_equal(state.posted, 0)
  end,
  ["only so many wait; who leaves makes room"] = function()
    local state = { entry = entry() }
    local module = hold(state)
    local count = 0
    state.during = function()
      count = count + 1
      if count < 500 then
        module.wait("hello", 60)
      elseif count == 500 then
        assert_equal(module.wait("hello", 60), false)
        assert_equal(module.wait("other", 60), true)
      end
    end
    module.wait("hello", 60)
    assert_equal(module.wait("hello", 60), true)
  end,
  ["each worker lets its share of what a dyno's queue holds go"] = function()
    for _, case in ipairs {
      { waiting = 100, usable = { a = true }, go = 32 },
      { waiting = 10, usable = { a = true }, go = 10 },
      { waiting = 100, usable = { a = true, b = true }, busy = { a = 44 }, go = 42 },
      { waiting = 100, usable = { a = true }, busy = { a = 500 }, go = 1 },
    } do
      local state = { entry = entry(), usable = case.usable, busy = case.busy }
      look_with(state, hold(state), case.waiting)
      assert_equal(state.posted, case.go, case.waiting .. " waiting")
    end
  end,
  ["all go when there is nothing to wait for"] = function()
    local crashed, maintained = entry(), entry()
    maintained.maintenance = true
    crashed.crashed = true
    for _, state in ipairs {
      { entry = nil },
      { entry = maintained },
      { entry = entry "quota" },
      { entry = crashed },
      { entry = entry "asleep", refused = true },
      { entry = entry "napping", refused = true, usable = { a = true } },
    } do
      look_with(state, hold(state), 3)
      assert_equal(state.posted, 3)
    end
  end,
  ["an app that sleeps is woken"] = function()
    local state = { entry = entry "asleep" }
    look_with(state, hold(state), 3)
    assert_equal(state.posted, 0)
    assert_equal(state.asked, 1)
  end,
  ["an app that naps is woken, and its dynos get nothing before they are thawed"] = function()
    local state = { entry = entry "napping", usable = { a = true, b = true } }
    look_with(state, hold(state), 3)
    assert_equal(state.posted, 0)
    assert_equal(state.asked, 1)
  end,
  ["a worker that ends lets nobody hang"] = function()
    local state = { entry = entry(), exiting = true }
    assert_equal(hold(state).wait("hello", 60), true)
    assert_equal(state.waited, nil)
  end,
}
