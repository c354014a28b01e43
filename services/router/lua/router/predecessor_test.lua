-- The module on dynos that answer these in turn, the last for ever; each may take seconds.
local function predecessor(answers, seconds)
  local log = { asked = 0 }
  local module = fresh("router.predecessor", {
    ["router.probe"] = { once = function(dyno)
      log.asked = log.asked + 1
      if seconds then ngx.sleep(seconds) end
      local list = answers[dyno.name]
      local answer = #list > 1 and table.remove(list, 1) or list[1]
      if type(answer) == "number" then return true, answer end
      return nil, answer
    end },
  })
  return module, log
end

local check = { type = "http", path = "/" }
local web1, web2 = { name = "web1", port = 1 }, { name = "web2", port = 1 }

return {
  ["one good answer is enough, of any of them"] = function()
    assert_equal(predecessor({ web1 = { 404 } }).serve({ web1 }, check, "x", 10), true)
    assert_equal(predecessor({ web1 = { 500 }, web2 = { 200 } }).serve({ web1, web2 }, check, "x", 10), true)
    assert_equal(predecessor({ web1 = { 500, 500, 302 } }).serve({ web1 }, check, "x", 10), true, "bad luck twice")
  end,
  ["three bad ones say that it fails, and no answer is one"] = function()
    local module, log = predecessor { web1 = { 500, "no_answer", 503, 200 } }
    assert_equal(module.serve({ web1 }, check, "x", 10), false)
    assert_equal(log.asked, 3)
  end,
  ["one that is being started again is waited for, and not for ever"] = function()
    local module = predecessor { web1 = { "refused", "no_name", "refused", 200 } }
    assert_equal(module.serve({ web1 }, check, "x", 10), true)
    local started = ngx.now()
    assert_equal(predecessor({ web1 = { "no_name" } }).serve({ web1 }, check, "x", 10), false)
    assert_equal(ngx.now() - started >= 10 and ngx.now() - started < 10.5, true)
    module, started = predecessor { web1 = { "refused" } }, ngx.now()
    assert_equal(module.serve({ web1 }, check, "x", 0), false)
    assert_equal(ngx.now() - started, 0, "one that crashed is not waited for")
  end,
  ["one that hangs is given up"] = function()
    local started = ngx.now()
    assert_equal(predecessor({ web1 = { "no_answer" }, web2 = { "refused" } }, 30).serve({ web1, web2 }, check, "x", 10), false)
    assert_equal(ngx.now() - started <= 60, true)
  end,
}
