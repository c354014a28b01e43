-- The module with a control plane that gives these answers in turn, the last of them for ever; timers are run by hand.
local function wake(...)
  ngx.shared.health = nil
  local answers, log = { ... }, { posts = {}, timers = {} }
  local function answer() return answers[math.min(#log.posts + 1, #answers)] end
  ngx.socket = { tcp = function()
    return {
      settimeouts = function() end,
      connect = function(_, path)
        log.path = path
        if answer() ~= "refused" then return true end
        log.posts[#log.posts + 1] = "refused"
      end,
      send = function(_, request) log.request = request end,
      receive = function()
        local line = answer()
        log.posts[#log.posts + 1] = line
        if line ~= "silent" then return line .. "\r\n\r\n" end
      end,
      close = function() end,
    }
  end }
  ngx.timer.at = function(_, run, ...)
    local arguments = { ... }
    log.timers[#log.timers + 1] = function() run(false, unpack(arguments)) end
    return true
  end
  function log.run()
    for _, timer in ipairs(log.timers) do timer() end
    log.timers = {}
  end
  return fresh "router.wake", log
end

return {
  ["the control plane is asked once, however many wait"] = function()
    local module, log = wake "HTTP/1.1 202 Accepted"
    for _ = 1, 100 do assert_equal(module.ask "hello", true) end
    assert_equal(#log.timers, 1)
    log.run()
    assert_equal(log.path, "unix:/run/router/control.sock")
    assert_equal(log.request:match "^POST /wake/hello HTTP/1.0\r\n" ~= nil, true)
    assert_equal(module.ask "hello", true)
    assert_equal(#log.timers, 0)
    assert_equal(module.is_waking "hello", true)
    assert_equal(module.is_waking "other", false)
  end,
  ["one that is not there, says nothing, or refuses: false, and soon asked again"] = function()
    for _, answer in ipairs { "refused", "silent", "HTTP/1.1 500 Internal Server Error" } do
      local module, log = wake(answer, "HTTP/1.1 204 No Content")
      module.ask "hello"
      log.run()
      assert_equal(module.ask "hello", false)
      assert_equal(#log.timers, 0)
      assert_equal(module.is_waking "hello", false)
      ngx.sleep(1)
      assert_equal(module.ask "hello", true)
      log.run()
      assert_equal(module.ask "hello", true)
    end
  end,
  ["one that was killed after it had agreed is asked again, and waited for"] = function()
    local module, log = wake("HTTP/1.1 202 Accepted", "refused", "HTTP/1.1 202 Accepted")
    module.ask "hello"
    log.run()
    ngx.sleep(11)
    assert_equal(module.ask "hello", true)
    log.run()
    assert_equal(module.ask "hello", true)
    ngx.sleep(2)
    module.ask "hello"
    log.run()
    assert_equal(#log.posts, 3)
    assert_equal(module.is_waking "hello", true)
    module.forget "hello"
    assert_equal(module.is_waking "hello", false)
  end,
}
