local folder = arg[0]:match "^(.*)/" or "."

local function pages()
  local module = fresh "router.page"
  for _, place in ipairs { "/usr/share/dynoform/pages/", folder .. "/../pages/" } do
    if pcall(module.load, place) then return module end
  end
  error "no pages"
end

return {
  ["a page has its heading as title and its values, and asks for nothing elsewhere"] = function()
    local module = pages()
    local text = module.text("welcome", { app = "hello" })
    assert_equal(text:match "<title>(.-)</title>", "Welcome to your new app!")
    assert_equal(text:match "<strong>(.-)</strong>", "hello")
    local all = { "welcome", "nothing-here", "application-error", "starting", "quota", "maintenance", "away" }
    local values = { app = "hello", code = "H10", description = "App crashed", first = "1 May 2026" }
    for _, name in ipairs(all) do
      text = module.text(name, values)
      assert_equal(text:match "{{" or text:match "src=" or text:match "href=" or text:match "url%(", nil, name)
      assert_equal(#text < 4096, true, name)
    end
  end,
  ["the first of the next month"] = function()
    local module = pages()
    local day = 86400
    for _, case in ipairs {
      { 1767225600, "1 February 2026", 31 * day },         -- 2026-01-01 00:00:00
      { 1767225600 + 31 * day - 1, "1 February 2026", 1 }, -- 2026-01-31 23:59:59
      { 1709164800, "1 March 2024", day },                 -- 2024-02-29
      { 1798761600 - 1, "1 January 2027", 1 },             -- 2026-12-31 23:59:59
    } do
      local first, seconds = module.next_month(case[1])
      assert_equal(first, case[2])
      assert_equal(seconds, case[3])
    end
  end,
}
