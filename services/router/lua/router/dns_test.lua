local bit = require "bit"

-- An answer to a question, with these resource records.
local function packet(id, code, records)
  local header = string.char(bit.rshift(id, 8), bit.band(id, 255), 0x81, 0x80 + code, 0, 1, 0, #records, 0, 0, 0, 0)
  local question = "\3web\0\0\1\0\1"
  return header .. question .. table.concat(records)
end

-- The name as a pointer to the question's, type, class, time to live, length, data.
local function record(kind, data)
  return "\192\12" .. string.char(0, kind) .. "\0\1" .. "\0\0\2\88" .. string.char(0, #data) .. data
end

-- Docker's DNS: `answer` is given a question's id.
local function serve(answer)
  ngx.socket = { udp = function()
    local id
    return {
      settimeout = function() end,
      setpeername = function() return true end,
      send = function(_, question) id = question:byte(1) * 256 + question:byte(2) end,
      receive = function() return answer(id) end,
      close = function() end,
    }
  end }
end

return {
  ["a question is one A record of the name, recursion desired"] = function()
    local question = fresh("router.dns").question(0x1234, "web-1.x")
    assert_equal(question, "\18\52\1\0\0\1\0\0\0\0\0\0\5web-1\1x\0\0\1\0\1")
  end,
  ["the first A record is the address, other records are skipped"] = function()
    local answer = packet(7, 0, { record(5, "\3foo\0"), record(1, "\10\64\128\2"), record(1, "\10\64\128\3") })
    assert_equal(fresh("router.dns").answer(answer, 7), "10.64.128.2")
    assert_equal(table.concat(select(3, fresh("router.dns").answer(answer, 7)), " "), "10.64.128.2 10.64.128.3")
  end,
  ["no such name, and a name without address, are gone"] = function()
    local dns = fresh "router.dns"
    assert_equal(select(2, dns.answer(packet(7, 3, {}), 7)), "gone")
    assert_equal(select(2, dns.answer(packet(7, 0, {}), 7)), "gone")
  end,
  ["another question's answer, an error and rubbish say nothing about the name"] = function()
    local dns = fresh "router.dns"
    assert_equal(select(2, dns.answer(packet(8, 0, {}), 7)), "failed")
    assert_equal(select(2, dns.answer(packet(7, 2, {}), 7)), "failed")
    assert_equal(select(2, dns.answer("\0\7\1", 7)), "failed")
    assert_equal(select(2, dns.answer(packet(7, 0, { "\192" }), 7)), "failed")
  end,
  ["an address is asked for again after a second; an old one serves while nobody answers"] = function()
    local asked, silent = 0, false
    serve(function(id)
      asked = asked + 1
      if not silent then return packet(id, 0, { record(1, "\10\0\0\9") }) end
    end)
    local dns = fresh "router.dns"
    assert_equal(dns.known("web", 1), nil)
    assert_equal(dns.address("web", 1), "10.0.0.9")
    assert_equal(dns.address("web", 1), "10.0.0.9")
    assert_equal(asked, 1)
    assert_equal(dns.known("web", 1), "10.0.0.9")
    assert_equal(dns.known("web", 2), nil, "it may have been started again")
    assert_equal(dns.address("web", 2), "10.0.0.9")
    assert_equal(asked, 2)
    ngx.sleep(1.1)
    assert_equal(dns.known("web", 2), nil)
    silent = true
    assert_equal(dns.address("web", 2), "10.0.0.9")
    assert_equal(dns.address("web", 3), "10.0.0.9")
    assert_equal(asked, 6, "questions, with the second attempts")
    dns.forget "web"
    assert_equal(dns.address("web", 3), nil)
  end,
  ["a dyno that is being restarted is where its requests go, whatever its name leads to"] = function()
    local answers = { record(1, "\10\0\0\9"), record(1, "\10\0\0\8") }
    serve(function(id) return packet(id, 0, answers) end)
    ngx.shared.health = nil
    local dns = fresh "router.dns"
    local beside = require "router.beside"
    beside.keep("web", "10.0.0.8", 60)
    assert_equal(dns.address("web", 1), "10.0.0.8")
    assert_equal(table.concat(select(3, dns.resolve "web"), " "), "10.0.0.9 10.0.0.8")
    assert_equal(dns.second "web", nil)
    beside.move("web", "10.0.0.7", 60)
    assert_equal(dns.address("web", 2), "10.0.0.7", "its name may be late")
    assert_equal(dns.second "web", "web@10.0.0.7")
    answers = {}
    assert_equal(dns.find "web", "10.0.0.7")
    beside.forget "web"
    assert_equal(dns.resolve "web", nil)
    assert_equal(dns.second "web", nil)
  end,
  ["a name that Docker's DNS does not have may be late"] = function()
    local code, asked = 3, 0
    serve(function(id)
      return code and packet(id, code, code == 0 and { record(1, "\10\0\0\9") } or {})
    end)
    local late = { address = function()
      asked = asked + 1
      return "10.0.0.7"
    end, found = function() end }
    local dns = fresh("router.dns", { ["router.late"] = late })
    assert_equal(dns.resolve "web", nil, "Docker's DNS alone")
    assert_equal(dns.find "web", "10.0.0.7")
    assert_equal(dns.address("web", 1), "10.0.0.7")
    assert_equal(dns.known("web", 1), "10.0.0.7")
    code = 0
    assert_equal(dns.find "web", "10.0.0.9")
    assert_equal(asked, 2)
    code = nil
    assert_equal(dns.find "web", "10.0.0.7", "a DNS that does not answer")
  end,
}
