return {
  ["what is not given has defaults"] = function()
    local entry = fresh("router.check").entry("hello", {})
    assert_equal(#entry.hosts + #entry.dynos, 0)
    assert_equal(entry.check.type .. " " .. entry.check.path .. " " .. entry.check.timeout, "http / 60")
    assert_equal(entry.drain, 30)
    assert_equal(entry.welcome, false)
  end,
  ["what is wrong is named"] = function()
    local check = fresh "router.check"
    local wrong = {
      { "no object", "the body is no JSON object" },
      { { hosts = { "a b" } }, "hosts: not a host name" },
      { { hosts = { 1 } }, "hosts: not a host name" },
      { { dynos = { { name = "-a", port = 80 } } }, "dynos: not a service's name" },
      { { dynos = { { name = ("a"):rep(64), port = 80 } } }, "dynos: not a service's name" },
      { { dynos = { { name = "a", port = 65536 } } }, "dynos: not a port" },
      { { dynos = { { name = "a", port = 1 }, { name = "a", port = 2 } } }, "dynos: a stands there twice" },
      { { dynos = { { name = "a", port = 1, dyno = "web 1" } } }, "dynos: a's dyno is no name like web.1" },
      { { welcome = 1 }, "welcome: neither true nor false" },
      { { maintenance = 1 }, "maintenance: neither true nor false" },
      { { check = { path = "/a\r\nHost: b" } }, "check.path: not a path" },
      { { check = { type = "udp" } }, "check.type: none of http, tcp, no-worse" },
      { { replaced = "perhaps" }, "replaced: neither serve nor fail" },
      { { check = { timeout = -1 } }, "check.timeout: not a number of seconds" },
      { { drain = {} }, "drain: not a number of seconds" },
    }
    for _, case in ipairs(wrong) do
      local entry, problem = check.entry("hello", case[1])
      assert_equal(entry, nil)
      assert_equal(problem, case[2])
    end
  end,
  ["questions"] = function()
    local check = fresh "router.check"
    local dynos, path, seconds = check.question { dynos = { "a" }, path = "/up", seconds = 5 }
    assert_equal(dynos[1] .. path .. seconds, "a/up5")
    assert_equal(select(2, check.question { dynos = { 1 }, path = "/", seconds = 5 }), "dynos: not a service's name")
    assert_equal(select(2, check.question { path = "up", seconds = 5 }), "path: not a path")
    assert_equal(select(2, check.question { path = "/" }), "seconds: not a number of seconds")
  end,
  ["modes"] = function()
    local check = fresh "router.check"
    local mode, if_idle = check.mode { mode = "asleep", ifIdle = 5 }
    assert_equal(mode .. if_idle, "asleep5")
    assert_equal(select(2, check.mode { mode = "dozing" }), "mode: none of awake, napping, asleep, quota")
    assert_equal(select(2, check.mode { mode = "asleep", ifIdle = "5" }), "ifIdle: not a number of seconds")
  end,
}
