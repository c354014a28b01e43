-- What comes in through the admin API is checked here, so that nothing else has to.

local M = {}

local CHECKS = { http = true, tcp = true, ["no-worse"] = true }

local function is_path(value)
  return type(value) == "string" and value:match "^/[\33-\126]*$" ~= nil
end

local function is_number(value, least, most)
  return type(value) == "number" and value >= least and value <= (most or math.huge)
end

local function items(value)
  return type(value) == "table" and value or {}
end

-- A host name, or a wildcard: *.shop.example.
local function is_host(host)
  return type(host) == "string" and host:gsub("^%*%.", ""):match "^[a-z0-9.-]+$" ~= nil
end

-- An entry of what was sent; nil and what is wrong with it.
function M.entry(app, sent)
  if type(sent) ~= "table" then return nil, "the body is no JSON object" end
  local hosts, dynos = {}, {}
  for _, host in ipairs(items(sent.hosts)) do
    if not is_host(host) then return nil, "hosts: not a host name" end
    hosts[#hosts + 1] = host
  end
  local seen = {}
  for _, dyno in ipairs(items(sent.dynos)) do
    local name, port = items(dyno).name, items(dyno).port
    if type(name) ~= "string" or #name > 63 or not name:match "^%w[%w_-]*$" then return nil, "dynos: not a service's name" end
    if not is_number(port, 1, 65535) then return nil, "dynos: not a port" end
    local label = dyno.dyno
    if label ~= nil and (type(label) ~= "string" or not label:match "^[a-z][%w_-]*%.%d+$") then
      return nil, "dynos: " .. name .. "'s dyno is no name like web.1"
    end
    if seen[name] then return nil, "dynos: " .. name .. " stands there twice" end
    seen[name] = true
    dynos[#dynos + 1] = { name = name, port = port, dyno = label }
  end
  local check = items(sent.check)
  local kind, path, timeout = check.type or "http", check.path or "/", check.timeout or 60
  if not CHECKS[kind] then return nil, "check.type: none of http, tcp, no-worse" end
  if not is_path(path) then return nil, "check.path: not a path" end
  if not is_number(timeout, 0, 3600) then return nil, "check.timeout: not a number of seconds" end
  local drain = sent.drain or 30
  if not is_number(drain, 0, 3600) then return nil, "drain: not a number of seconds" end
  if sent.replaced ~= nil and sent.replaced ~= "serve" and sent.replaced ~= "fail" then
    return nil, "replaced: neither serve nor fail"
  end
  for _, flag in ipairs { "welcome", "maintenance", "redirect" } do
    if sent[flag] ~= nil and type(sent[flag]) ~= "boolean" then return nil, flag .. ": neither true nor false" end
  end
  local hsts = sent.hsts or 0
  if not is_number(hsts, 0) then return nil, "hsts: not a number of seconds" end
  return {
    app = app, hosts = hosts, dynos = dynos, check = { type = kind, path = path, timeout = timeout }, drain = drain,
    welcome = sent.welcome or false, maintenance = sent.maintenance or false, redirect = sent.redirect or false, hsts = hsts,
  }
end

-- A certificate that was sent, whose texts are looked at elsewhere; nil and what is wrong.
function M.certificate(name, sent)
  if type(sent) ~= "table" then return nil, "the body is no JSON object" end
  local hosts = {}
  for _, host in ipairs(items(sent.hosts)) do
    if not is_host(host) then return nil, "hosts: not a host name" end
    hosts[#hosts + 1] = host
  end
  if not hosts[1] then return nil, "hosts: none" end
  for _, text in ipairs { "chain", "key" } do
    if type(sent[text]) ~= "string" then return nil, text .. ": not a text" end
  end
  return { name = name, hosts = hosts, chain = sent.chain, key = sent.key }
end

-- A question that was sent: the dynos' names, a path and seconds; nil and what is wrong.
function M.question(sent)
  if type(sent) ~= "table" then return nil, "the body is no JSON object" end
  for _, name in ipairs(items(sent.dynos)) do
    if type(name) ~= "string" then return nil, "dynos: not a service's name" end
  end
  if not is_path(sent.path) then return nil, "path: not a path" end
  if not is_number(sent.seconds, 0, 3600) then return nil, "seconds: not a number of seconds" end
  return items(sent.dynos), sent.path, sent.seconds
end

-- Whether it is an IPv4 address.
function M.is_address(text)
  return type(text) == "string" and text:match "^%d+%.%d+%.%d+%.%d+$" ~= nil
end

local MODES = { awake = true, napping = true, asleep = true, quota = true }

-- A change of mode that was sent: the mode and `ifIdle`; nil and what is wrong.
function M.mode(sent)
  if type(sent) ~= "table" then return nil, "the body is no JSON object" end
  if not MODES[sent.mode] then return nil, "mode: none of awake, napping, asleep, quota" end
  if sent.ifIdle ~= nil and not is_number(sent.ifIdle, 0) then return nil, "ifIdle: not a number of seconds" end
  return sent.mode, sent.ifIdle
end

return M
