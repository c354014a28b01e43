return {
  ["a long log is renamed and nginx is told; a lost one too"] = function()
    local path = os.tmpname()
    local log = fresh "router.log"
    local told = 0
    log.use(path, function() told = told + 1 end)
    local function write(bytes)
      local file = io.open(path, "w")
      file:write(("x"):rep(bytes))
      file:close()
    end
    write(1000)
    log.rotate()
    assert_equal(told, 0)
    write(8 * 1024 * 1024)
    log.rotate()
    assert_equal(told, 1)
    assert_equal(io.open(path), nil)
    assert_equal(io.open(path .. ".1"):seek "end", 8 * 1024 * 1024)
    log.rotate()
    assert_equal(told, 2)
    os.remove(path .. ".1")
  end,
}
