-- The certificate of a connection, by the name that its client asks for. All from memory: a handshake waits for nothing.

local ssl = require "ngx.ssl"

local certificates = require "router.certificates"

local M = {}

-- What was parsed, by the hosts that certificates are kept under, until any certificate changes.
local parsed = { revision = -1, by_host = {} }

local function parse(name)
  local certificate = certificates.get(name)
  if not certificate then return nil end
  return { chain = assert(ssl.parse_pem_cert(certificate.chain)), key = assert(ssl.parse_pem_priv_key(certificate.key)) }
end

local function find(name)
  local revision = certificates.revision()
  if parsed.revision ~= revision then parsed = { revision = revision, by_host = {} } end
  local known = parsed.by_host[name]
  if known then return known end
  local host, certificate = certificates.host_for(name)
  if not host then return nil end
  known = parsed.by_host[host] or parse(certificate)
  parsed.by_host[host] = known
  return known
end

-- What is wrong with a chain and a key as PEM; nil when both can be read.
function M.problem(chain, key)
  if not ssl.parse_pem_cert(chain) then return "chain: no certificates in PEM" end
  if not ssl.parse_pem_priv_key(key) then return "key: no private key in PEM" end
end

-- Certificate phase. A name that nobody put, or none at all, is refused: a wrong certificate would help no client.
function M.handshake()
  local name = ssl.server_name()
  local certificate = name and find(name:lower())
  if not certificate then return ngx.exit(ngx.ERROR) end
  assert(ssl.clear_certs())
  assert(ssl.set_cert(certificate.chain))
  assert(ssl.set_priv_key(certificate.key))
end

return M
