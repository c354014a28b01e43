-- A dyno that answers these in turn, the last of them for ever: "gone", "refused", "silent", or a status.
local function dyno_answering(...)
  local answers, asked = { ... }, 0
  local log = {}
  local function answer() return answers[math.min(asked, #answers)] end
  ngx.socket = { tcp = function()
    return {
      settimeouts = function() end,
      connect = function() return answer() ~= "refused" end,
      send = function(_, request) log.request = request end,
      receive = function(_) return type(answer()) == "number" and "HTTP/1.1 " .. answer() .. " So" or nil end,
      close = function() end,
    }
  end }
  local dns = { find = function()
    asked = asked + 1
    log.asked = asked
    return answer() ~= "gone" and "10.0.0.9" or nil
  end }
  return fresh("router.probe", { ["router.dns"] = dns }), log
end

local dyno = { name = "web", port = 5000 }
local http = { type = "http", path = "/up", timeout = 2 }
local tcp = { type = "tcp", path = "/", timeout = 2 }
local function no() return false end

local function yes() return true end

return {
  ["a dyno is ready at its first answer below 500"] = function()
    local probe, log = dyno_answering("gone", "refused", "refused", "silent", 503, 404)
    assert_equal(probe.until_ready(dyno, http, "hello.localhost", no, no), nil)
    assert_equal(log.asked, 6)
    assert_equal(log.request:match "^GET /up HTTP/1.1\r\nHost: hello.localhost\r\n" ~= nil, true)
  end,
  ["at its timeout the last answer is the reason"] = function()
    for _, case in ipairs { { "gone", "no_name" }, { "refused", "refused" }, { "silent", "no_answer" }, { 500, "status" } } do
      local failure = dyno_answering(case[1]).until_ready(dyno, http, "x", no, no)
      assert_equal(failure.reason, case[2])
      assert_equal(failure.status, case[1] == 500 and 500 or nil)
      assert_equal(failure.answered ~= nil, case[1] == 500)
    end
  end,
  ["tcp: a connection is enough"] = function()
    local probe, log = dyno_answering("refused", "silent")
    assert_equal(probe.until_ready(dyno, tcp, "x", no, no), nil)
    assert_equal(log.asked, 2)
  end,
  ["a dyno that answers 500 is not asked all the time"] = function()
    local probe, log = dyno_answering(500)
    probe.until_ready(dyno, http, "x", no, no)
    assert_equal(log.asked <= 9, true, "few questions in 2 s")
  end,
  ["an overtaken change probes no longer"] = function()
    local probe, log = dyno_answering "refused"
    local answer = probe.until_ready(dyno, http, "x", function() return log.asked == 3 end, no)
    assert_equal(answer, "overtaken")
  end,
  ["an answer of 500 is taken when it may be, and when it was first given is told"] = function()
    local probe, log = dyno_answering("refused", "silent", 500)
    local failure, taken = probe.until_ready(dyno, http, "x", no, yes)
    assert_equal(failure, nil)
    assert_equal(taken.status, 500)
    assert_equal(taken.answered, ngx.now())
    assert_equal(log.asked, 3)
    local stopped = probe.until_ready(dyno, http, "x", no, function() return "stopped" end)
    assert_equal(stopped.reason .. stopped.status, "stopped500")
    failure, taken = dyno_answering("silent").until_ready(dyno, http, "x", no, yes)
    assert_equal(failure, nil)
    assert_equal(taken.reason, "no_answer")
    assert_equal(dyno_answering("refused").until_ready(dyno, http, "x", no, yes).reason, "refused")
    failure, taken = dyno_answering(200).until_ready(dyno, http, "x", no, yes)
    assert_equal(failure or taken, nil)
  end,
  ["that a dyno listens is remembered, whatever it answers"] = function()
    for _, case in ipairs { { "gone", false }, { "refused", false }, { "silent", true }, { 500, true } } do
      ngx.shared.health = nil
      local probe = dyno_answering(case[1])
      probe.until_ready(dyno, http, "x", no, no)
      assert_equal(probe.is_bound "web", case[2], case[1])
    end
  end,
}
