-- The certificates, by name: in the shared dictionary `certificates`, and in a file each that only the router's user can
-- read. This module alone writes either.
--
-- certificate: { name, hosts = { "www.shop.example", "*.shop.example" }, chain, key, revision }; chain and key in PEM, the
--              server's own certificate first. Of two that have a host, the one that was put last serves it.

local ffi = require "ffi"
local cjson = require "cjson.safe"

local exclusive = require "router.exclusive"

local M = {}

ffi.cdef [[
typedef struct { uint64_t inode; int64_t offset; unsigned short length; unsigned char type; char name[256]; } dyno_entry_t;
void *opendir(const char *path);
dyno_entry_t *readdir(void *folder);
int closedir(void *folder);
]]

local certificates = ngx.shared.certificates
local folder

-- The names of the files in the folder; those that begin with a dot are none of ours, or not whole.
local function files()
  local names, open = {}, ffi.C.opendir(folder)
  if open == nil then return names end
  while true do
    local entry = ffi.C.readdir(open)
    if entry == nil then break end
    local name = ffi.string(entry.name)
    if name:sub(1, 1) ~= "." then names[#names + 1] = name end
  end
  ffi.C.closedir(open)
  return names
end

local function read(name)
  local file = io.open(folder .. "/" .. name, "r")
  local saved = file and cjson.decode(file:read "*a")
  if file then file:close() end
  return type(saved) == "table" and type(saved.hosts) == "table" and saved.name == name and saved or nil
end

-- Whole or not at all.
local function write(name, json)
  local path, temporary = folder .. "/" .. name, folder .. "/." .. name .. ".new"
  local file, problem = io.open(temporary, "w")
  if not file then error("cannot write a certificate: " .. problem, 0) end
  local written, reason = file:write(json)
  local closed, close_reason = file:close()
  if not (written and closed) then error("cannot write a certificate: " .. (reason or close_reason), 0) end
  local renamed, rename_reason = os.rename(temporary, path)
  if not renamed then error("cannot write a certificate: " .. rename_reason, 0) end
end

local function set(key, value)
  local ok, problem = certificates:safe_set(key, value)
  if not ok then error("the certificates' memory is full: " .. problem, 0) end
end

local function fill(certificate, json)
  set("certificate:" .. certificate.name, json)
  for _, host in ipairs(certificate.hosts) do set("host:" .. host, certificate.name) end
end

local function stored(name)
  local json = certificates:get("certificate:" .. name)
  return json and cjson.decode(json)
end

local function all()
  local found = {}
  for _, key in ipairs(certificates:get_keys(0)) do
    local name = key:match "^certificate:(.*)$"
    if name then found[#found + 1] = stored(name) end
  end
  table.sort(found, function(one, other) return one.revision < other.revision end)
  return found
end

-- Takes a certificate's hosts away but for those that it keeps; another that has them serves them from now on.
local function forget_hosts(certificate, kept)
  local left = {}
  for _, host in ipairs(certificate and certificate.hosts or {}) do
    if not kept[host] and certificates:get("host:" .. host) == certificate.name then
      certificates:delete("host:" .. host)
      left[host] = true
    end
  end
  if not next(left) then return end
  for _, other in ipairs(all()) do
    for _, host in ipairs(other.name ~= certificate.name and other.hosts or {}) do
      if left[host] then set("host:" .. host, other.name) end
    end
  end
end

-- Reads the files, once, before there are workers. One that cannot be read is put aside: whoever put it sees that it is missing.
function M.load(path)
  folder = path
  local found, last = {}, 0
  for _, name in ipairs(files()) do
    local certificate = read(name)
    if certificate then
      found[#found + 1] = certificate
      last = math.max(last, certificate.revision)
    else
      os.rename(folder .. "/" .. name, folder .. "/." .. name .. ".unreadable")
      ngx.log(ngx.ALERT, "cannot read the certificate ", name, ": put aside as .", name, ".unreadable")
    end
  end
  table.sort(found, function(one, other) return one.revision < other.revision end)
  for _, certificate in ipairs(found) do fill(certificate, cjson.encode(certificate)) end
  certificates:set("revision", last)
end

-- Counts the changes of what is served.
function M.revision()
  return certificates:get "revision"
end

-- The host that a certificate is kept under for a name, which is the name or the wildcard above it, and the
-- certificate's name; nil when there is none. Not what a stranger asks for, but what somebody put: it may be kept.
function M.host_for(name)
  local certificate = certificates:get("host:" .. name)
  if certificate then return name, certificate end
  local wildcard = name:gsub("^[^.]*", "*", 1)
  certificate = certificates:get("host:" .. wildcard)
  if certificate then return wildcard, certificate end
end

-- A certificate with its key; nil when there is none.
function M.get(name)
  return stored(name)
end

-- What may be shown of one: all but its key.
local function shown(certificate)
  certificate.key = nil
  return certificate
end

function M.show(name)
  local certificate = stored(name)
  return certificate and shown(certificate)
end

function M.show_all()
  local found = all()
  for _, certificate in ipairs(found) do shown(certificate) end
  return found
end

-- Puts a certificate, whole or not at all. Returns its revision.
function M.put(certificate)
  return exclusive(certificates, function()
    local before = stored(certificate.name)
    certificate.revision = M.revision() + 1
    local json = cjson.encode(certificate)
    write(certificate.name, json)
    fill(certificate, json)
    local kept = {}
    for _, host in ipairs(certificate.hosts) do kept[host] = true end
    forget_hosts(before, kept)
    set("revision", certificate.revision)
    return certificate.revision
  end)
end

-- Removes a certificate, if there is one.
function M.remove(name)
  return exclusive(certificates, function()
    local before = stored(name)
    if not before then return end
    os.remove(folder .. "/" .. name)
    certificates:delete("certificate:" .. name)
    forget_hosts(before, {})
    set("revision", M.revision() + 1)
  end)
end

return M
