-- What a request asks that was counted in.
local function stands(routes, read, version)
  return routes.is_unchanged(version) or routes.is_current(read)
end

local function entry(app, hosts, dyno)
  return {
    app = app,
    hosts = hosts,
    dynos = dyno and { { name = dyno, port = 5000 } } or {},
    check = { type = "http", path = "/", timeout = 60 },
    drain = 30,
    welcome = false,
    maintenance = false,
    redirect = false,
    hsts = 0,
  }
end

local function loaded(path)
  local routes = fresh "router.table"
  routes.load(path)
  return routes
end

local function with_file(content, test)
  local path = os.tmpname()
  if content then
    local file = io.open(path, "w")
    file:write(content)
    file:close()
  else
    os.remove(path)
  end
  test(path)
  os.remove(path)
  os.remove(path .. ".unreadable")
end

return {
  ["an entry serves its hosts, and only those it has now"] = function()
    with_file(nil, function(path)
      local routes = loaded(path)
      routes.put(entry("hello", { "hello.localhost", "a.test" }, "one"))
      assert_equal(routes.for_host("a.test").app, "hello")
      routes.put(entry("hello", { "hello.localhost" }, "two"))
      assert_equal(routes.for_host "a.test", nil)
      assert_equal(routes.for_host("hello.localhost").dynos[1].name, "two")
      assert_equal(routes.host_owner("other", { "hello.localhost" }), "hello")
      assert_equal(routes.host_owner("hello", { "hello.localhost" }), nil)
      assert_equal(pcall(routes.put, entry("other", { "hello.localhost" })), false)
      routes.remove "hello"
      assert_equal(routes.for_host "hello.localhost", nil)
      assert_equal(routes.remove "hello", nil)
    end)
  end,
  ["a wildcard serves the names one label below it that nobody has by themselves"] = function()
    with_file(nil, function(path)
      local routes = loaded(path)
      routes.put(entry("wild", { "wild.localhost", "*.shop.test" }))
      routes.put(entry("own", { "a.shop.test" }))
      assert_equal(routes.for_host("a.shop.test").app, "own")
      assert_equal(routes.for_host("b.shop.test").app, "wild")
      assert_equal(routes.for_host "a.b.shop.test", nil)
      assert_equal(routes.for_host "shop.test", nil)
      routes.remove "wild"
      assert_equal(routes.for_host "b.shop.test", nil)
    end)
  end,
  ["what was read stands until that app's entry changes"] = function()
    with_file(nil, function(path)
      local routes = loaded(path)
      routes.put(entry("hello", { "hello.localhost" }, "one"))
      local read, version = routes.for_host "hello.localhost"
      routes.put(entry("other", { "other.localhost" }))
      assert_equal(routes.is_unchanged(version), false)
      assert_equal(stands(routes, read, version), true)
      local _, before = routes.put(entry("hello", { "hello.localhost" }, "two"))
      assert_equal(before.dynos[1].name, "one")
      routes.for_host "hello.localhost"
      assert_equal(stands(routes, read, version), false)
    end)
  end,
  ["the file brings everything back, empty lists and revisions too"] = function()
    with_file(nil, function(path)
      local routes = loaded(path)
      routes.put(entry("a", { "a.test" }, "one"))
      routes.put(entry("b", {}))
      ngx.shared.routes = nil
      routes = loaded(path)
      assert_equal(routes.json "b", '{"app":"b","revision":2,"change":2,"mode":"awake","crashed":false,"welcome":false,"maintenance":false,"redirect":false,"hsts":0,"hosts":[],"dynos":[],'
        .. '"check":' .. routes.json("a"):match '"check":(%b{})' .. ',"drain":30}')
      assert_equal(routes.for_host("a.test").revision, 1)
      assert_equal(routes.put(entry("c", {})), 3)
    end)
  end,
  ["a mode is kept, changes no revision, and ends with a deployment"] = function()
    with_file(nil, function(path)
      local routes = loaded(path)
      routes.put(entry("hello", { "hello.localhost" }, "one"))
      local read, version = routes.for_host "hello.localhost"
      assert_equal(routes.set_mode("hello", "asleep").mode, "awake")
      assert_equal(routes.set_mode("other", "asleep"), nil)
      assert_equal(stands(routes, read, version), false)
      assert_equal(read.mode, "awake")
      ngx.shared.routes = nil
      routes = loaded(path)
      assert_equal(routes.for_host("hello.localhost").mode, "asleep")
      assert_equal(routes.get("hello").revision, 1)
      routes.put(entry("hello", { "hello.localhost" }, "one"))
      assert_equal(routes.get("hello").mode, "awake")
    end)
  end,
  ["a crash is known after a restart, changes no revision, and ends with a deployment or another mode"] = function()
    with_file(nil, function(path)
      local routes = loaded(path)
      routes.put(entry("hello", { "hello.localhost" }, "one"))
      assert_equal(routes.set_crashed("hello", true).crashed, false)
      assert_equal(routes.set_crashed("other", true), nil)
      ngx.shared.routes = nil
      routes = loaded(path)
      local read = routes.for_host "hello.localhost"
      assert_equal(read.crashed, true)
      assert_equal(read.revision, 1)
      assert_equal(read.mode, "awake")
      routes.set_mode("hello", "awake")
      assert_equal(routes.get("hello").crashed, false)
      routes.set_crashed("hello", true)
      routes.put(entry("hello", { "hello.localhost" }, "one"))
      assert_equal(routes.get("hello").crashed, false)
    end)
  end,
  ["a file of an older router is read"] = function()
    local old = '{"version":1,"revision":7,"apps":[{"app":"a","revision":7,"hosts":["a.test"],'
      .. '"dynos":[{"name":"one","port":5000}],"check":{"type":"http","path":"/","timeout":60},"drain":30}]}'
    with_file(old, function(path)
      local now = loaded(path).for_host "a.test"
      assert_equal(now.mode, "awake")
      assert_equal(now.welcome, false)
      assert_equal(now.crashed, false)
      assert_equal(now.change, 7)
      assert_equal(now.dynos[1].dyno, nil)
    end)
  end,
  ["an unreadable file is put aside"] = function()
    with_file('{"apps":', function(path)
      assert_equal(loaded(path).all_json(), "[]")
      assert_equal(io.open(path .. ".unreadable"):read "*a", '{"apps":')
    end)
  end,
  ["a change that cannot be written is none"] = function()
    local routes = loaded "/nonexistent/table.json"
    local ok, problem = pcall(routes.put, entry("hello", { "hello.localhost" }))
    assert_equal(ok, false)
    assert_equal(problem:match "^cannot write the route table" ~= nil, true)
    assert_equal(routes.get "hello", nil)
    assert_equal(ngx.shared.routes:get "lock", nil)
  end,
  ["a later turn overtakes"] = function()
    local routes = fresh "router.table"
    local first = routes.take_turn "hello"
    routes.take_turn "other"
    assert_equal(routes.overtaken("hello", first), false)
    routes.take_turn "hello"
    assert_equal(routes.overtaken("hello", first), true)
  end,
}
