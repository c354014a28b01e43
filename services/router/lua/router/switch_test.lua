-- Threads that run to their end when they are made.
local function threads()
  return {
    spawn = function(run)
      return { run() }
    end,
    wait = function(first) return true, unpack(first, 1, 3) end,
    kill = function() end,
  }
end

-- The module on a table of one entry with dyno "old"; `ready` gives a dyno's probe's result. `log.serve`: whether
-- what is replaced answers well.
local function switch(ready, counts)
  local log = { probed = {}, asked = {} }
  ngx.thread = threads()
  local turn = 0
  local old = { app = "hello", mode = "awake", hosts = {}, dynos = { { name = "old", port = 1 } }, drain = 5,
    check = { timeout = 1 } }
  log.old, log.did, log.last = old, {}, ngx.now()
  local function note(what)
    return function(name) log.did[#log.did + 1] = what .. " " .. tostring(name) end
  end
  local module = fresh("router.switch", {
    ["router.activity"] = {
      of = function() return { inflight = log.inflight or 0, last = log.last } end,
      touch = note "touch", forget = function() end,
    },
    ["router.health"] = {
      await_end = function() end, forget = note "forget", prove = note "prove", is_usable = function() return false end,
      stop = note "stop", leave = note "leave", take_out = note "out", put_in = function() return log.reason end,
      watch = function(_, dyno) note "watch"(dyno.name) end,
      settle_at = function(_, address, tell) note(tell)(address) end,
    },
    ["router.beside"] = {
      keep = "keep", move = "move", only = function() return log.only end, forget = note "alone",
      drain = function(_, seconds) return seconds end,
    },
    ["router.dns"] = { resolve = function() return log.only, nil, log.named end },
    ["router.wake"] = { forget = note "forget wake" },
    ["router.probe"] = { until_ready = function(dyno, _, _, overtaken, takes, at)
      log.probed[#log.probed + 1] = dyno.name .. (at or "")
      if log.meanwhile then log.meanwhile() end
      if at and overtaken() then return "overtaken" end
      return ready(dyno.name, takes)
    end },
    ["router.predecessor"] = { serve = function(dynos, check, _, seconds)
      for _, dyno in ipairs(dynos) do log.asked[#log.asked + 1] = dyno.name .. check.path .. seconds end
      return log.serve
    end },
    ["router.inflight"] = {
      count = function(name) return counts and counts(name) or 0 end,
      forget = function() end,
    },
    ["router.table"] = {
      take_turn = function() turn = turn + 1 return turn end,
      overtaken = function(_, mine) return mine ~= turn or log.overtaken end,
      host_owner = function(_, hosts) if hosts[1] == "taken" then return "other", "taken" end end,
      get = function() return old end,
      put = function(entry) log.put = entry return 7, old end,
      set_crashed = function() return old end, touch = function() end,
      set_mode = function(_, mode) note "mode"(mode) return old end,
      remove = function() return old end,
    },
  })
  return module, log
end

-- A probe of a dyno that answers 500.
local function failing(_, takes)
  local took = takes()
  if took == true then return nil, { reason = "status", status = 500, answered = 7 } end
  return { reason = took or "status", status = 500 }
end

local function entry(...)
  local dynos = {}
  for i, name in ipairs { ... } do dynos[i] = { name = name, port = 1 } end
  return { app = "hello", hosts = { "h" }, dynos = dynos, check = { timeout = 60 }, drain = 5 }
end

return {
  ["only new dynos are probed, then the entry is switched"] = function()
    local module, log = switch(function() return nil end)
    local status, body = module.put(entry("old", "new"))
    assert_equal(status, 200)
    assert_equal(body.revision, 7)
    assert_equal(table.concat(log.probed, " "), "new")
    assert_equal(#log.put.dynos, 2)
  end,
  ["a dyno that fails changes nothing"] = function()
    local module, log = switch(function(name) return name == "bad" and { reason = "status", status = 500 } or nil end)
    local status, body = module.put(entry("good", "bad"))
    assert_equal(status, 422)
    assert_equal(body.dyno .. " " .. body.reason .. " " .. body.status, "bad status 500")
    assert_equal(log.put, nil)
  end,
  ["an overtaken change changes nothing"] = function()
    local module, log = switch(function() return "overtaken" end)
    log.overtaken = true
    assert_equal(module.put(entry "new"), 409)
    assert_equal(log.put, nil)
  end,
  ["a host of another app is refused before anything is probed"] = function()
    local module, log = switch(function() return nil end)
    local wanted = entry "new"
    wanted.hosts = { "taken" }
    assert_equal(module.put(wanted), 422)
    assert_equal(#log.probed, 0)
  end,
  ["dynos left out are waited for until their requests ended"] = function()
    local ends = ngx.now() + 2
    local module = switch(function() return nil end, function() return ngx.now() < ends and 1 or 0 end)
    local _, body = module.put(entry "new")
    assert_equal(next(body.left), nil)
    assert_equal(ngx.now() >= ends and ngx.now() < ends + 0.1, true)
  end,
  ["what has not ended after the drain is told"] = function()
    local started = ngx.now()
    local module = switch(function() return nil end, function() return 3 end)
    local _, body = module.put(entry "new")
    assert_equal(body.left.old, 3)
    assert_equal(ngx.now() - started < 5.1, true)
    assert_equal(select(2, module.remove "hello").left.old, 3)
  end,
  ["the dynos of an app that sleeps prove themselves again"] = function()
    local module, log = switch(function() return nil end)
    log.old.mode = "asleep"
    module.put(entry("old", "new"))
    assert_equal(table.concat(log.probed, " "), "old new")
  end,
  ["to sleep: dynos are out before the mode is told, and gone after the last request"] = function()
    local ends = ngx.now() + 2
    local module, log = switch(nil, function() return ngx.now() < ends and 1 or 0 end)
    assert_equal(module.mode("hello", "asleep"), 200)
    assert_equal(table.concat(log.did, ", "), "stop old, forget wake hello, mode asleep, leave old, alone old")
    assert_equal(ngx.now() >= ends, true)
  end,
  ["to nap: the mode is told, the last request ends, and dynos stay where they are; they serve as they wake"] = function()
    local ends = ngx.now() + 2
    local module, log = switch(function() return nil end, function() return ngx.now() < ends and 1 or 0 end)
    assert_equal(module.mode("hello", "napping"), 200)
    assert_equal(table.concat(log.did, ", "), "forget wake hello, mode napping")
    assert_equal(ngx.now() >= ends, true)
    log.old.mode = "napping"
    module.put(entry("old", "new"))
    assert_equal(table.concat(log.probed, " "), "new", "a dyno that was thawed has proven itself")
  end,
  ["only an idle app is put to sleep when that is asked"] = function()
    local module, log = switch(nil)
    ngx.sleep(9)
    assert_equal(module.mode("hello", "asleep", 10), 409)
    ngx.sleep(2)
    log.inflight = 1
    assert_equal(module.mode("hello", "asleep", 10), 409)
    assert_equal(#log.did, 0)
    log.inflight = 0
    assert_equal(module.mode("hello", "asleep", 10), 200)
  end,
  ["awake: the dynos are asked for, and what was asked of the control plane is done"] = function()
    local module, log = switch(nil)
    log.old.mode = "asleep"
    assert_equal(module.mode("hello", "awake"), 200)
    assert_equal(table.concat(log.did, ", "), "mode awake, forget wake hello, watch old, touch hello")
  end,
  ["a dyno is taken out and put in"] = function()
    local module, log = switch(nil)
    assert_equal(module.take_out("hello", "other"), 404)
    assert_equal(module.take_out("hello", "old"), 200)
    assert_equal(table.concat(log.did, ", "), "out old, leave old, watch old")
    assert_equal(module.put_in("hello", "old"), 200)
    log.reason = "refused"
    local status, body = module.put_in("hello", "old")
    assert_equal(status .. " " .. body.error .. " " .. body.reason, "422 probe refused")
    log.reason = "overtaken"
    assert_equal(module.put_in("hello", "old"), 409)
  end,
  ["a restart beside: requests are kept at one container, and moved when the other answers"] = function()
    local module, log = switch(function() return nil end)
    for _, what in ipairs { "keep_at", "move_to", "drain_old" } do
      assert_equal(module[what]("hello", "other", "10.0.0.8"), 404, what)
    end
    assert_equal(module.keep_at("hello", "old", "10.0.0.7"), 200)
    assert_equal(module.move_to("hello", "old", "10.0.0.8"), 200)
    assert_equal(table.concat(log.probed, " "), "old10.0.0.8")
    assert_equal(table.concat(log.did, ", "), "keep 10.0.0.7, move 10.0.0.8")
    assert_equal(select(2, module.drain_old("hello", "old")).left.old, 5)
    log.only = "10.0.0.8"
    log.meanwhile = function() log.only = "10.0.0.7" end
    assert_equal(module.move_to("hello", "old", "10.0.0.8"), 409)
    assert_equal(#log.did, 2)
  end,
  ["a restart beside: a new container may answer no worse than the old one"] = function()
    for _, serve in ipairs { true, false } do
      local module, log = switch(failing)
      log.serve, log.old.hosts, log.old.check = serve, { "h" }, { path = "/", timeout = 1 }
      local status, body = module.move_to("hello", "old", "10.0.0.8")
      assert_equal(status, serve and 422 or 200)
      assert_equal(body.reason, serve and "status" or nil)
      assert_equal(table.concat(log.asked, " "), "old/0")
      assert_equal(#log.did, serve and 0 or 1)
    end
  end,
  ["a restart beside ends when the name leads to the one container, or should"] = function()
    local module, log = switch(nil)
    local started, sleep = ngx.now(), ngx.sleep
    log.only, log.named = "10.0.0.8", { "10.0.0.7", "10.0.0.8" }
    ngx.sleep = function(seconds)
      sleep(seconds)
      if ngx.now() - started > 1 then log.named = { "10.0.0.8" } end
    end
    assert_equal(module.alone("hello", "old"), 200)
    assert_equal(ngx.now() - started > 1 and ngx.now() - started < 1.1, true)
    ngx.sleep, log.named = sleep, nil
    assert_equal(module.alone("hello", "old"), 200)
    assert_equal(table.concat(log.did, ", "), "alone old, alone old")
  end,
  ["no worse: an answer of 500 is taken unless what is left out does better, which is asked once"] = function()
    for _, serve in ipairs { true, false } do
      local module, log = switch(failing)
      log.serve = serve
      local wanted = entry("a", "b")
      wanted.check = { type = "no-worse", path = "/", timeout = 60 }
      local status, body = module.put(wanted)
      assert_equal(table.concat(log.asked, " "), "old/10")
      assert_equal(status, serve and 422 or 200)
      assert_equal(body.reason, serve and "status" or nil)
      assert_equal(body.failing and #body.failing .. body.failing[1].name .. body.failing[1].status, not serve and "2a500" or nil)
    end
  end,
  ["no worse: nobody is asked where nothing can be made worse, or it is known"] = function()
    local cases = {
      { "scaled", function() return entry("old", "new") end, nil, 200 },
      { "in maintenance", function() local wanted = entry "new" wanted.maintenance = true return wanted end, nil, 200 },
      { "known to fail", function() return entry "new" end, "fail", 200 },
      { "known to serve", function() return entry "new" end, "serve", 422 },
    }
    for _, case in ipairs(cases) do
      local module, log = switch(failing)
      local wanted = case[2]()
      wanted.check = { type = "no-worse", path = "/", timeout = 60 }
      assert_equal(module.put(wanted, case[3]), case[4], case[1])
      assert_equal(#log.asked, 0, case[1])
    end
  end,
  ["no worse: what sleeps has to be started first, and is asked by its names"] = function()
    local module, log = switch(failing)
    log.old.mode, log.old.hosts, log.serve = "asleep", {}, true
    local wanted = entry "new"
    wanted.check = { type = "no-worse", path = "/", timeout = 60 }
    local status, body = module.put(wanted)
    assert_equal(status .. body.error .. body.dyno, "422stoppednew")
    assert_equal(log.put, nil)
    status, body = module.ask("hello", { "old", "no-such" }, "/up", 30)
    assert_equal(status, 200)
    assert_equal(body.serve, true)
    assert_equal(table.concat(log.asked, " "), "old/up30")
    assert_equal(select(2, module.ask("hello", { "no-such" }, "/", 1)).serve, false)
  end,
  ["an app of which nothing runs is not asked, one that crashed is not waited for"] = function()
    local module, log = switch(failing)
    log.old.crashed = true
    local wanted = entry "new"
    wanted.check = { type = "no-worse", path = "/", timeout = 60 }
    assert_equal(module.put(wanted), 200)
    assert_equal(table.concat(log.asked, " "), "old/0")
    log.old.dynos, log.asked = {}, {}
    assert_equal(module.put(wanted), 200)
    assert_equal(#log.asked, 0)
  end,
  ["a declared check of http takes no answer of 500, unless it is forced"] = function()
    local module = switch(failing)
    assert_equal(module.put(entry "new"), 422)
    assert_equal(module.put(entry "new", "fail"), 200)
  end,
}
