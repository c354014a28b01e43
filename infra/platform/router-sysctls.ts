/** Kernel settings of the router's container, which are its network's own. */
export const ROUTER_SYSCTLS = {
  // A connection a request to dynos: otherwise the ephemeral ports run out at a few hundred requests a second.
  "net.ipv4.ip_local_port_range": "1024 65000",
  "net.ipv4.tcp_tw_reuse": "1",
  // At least, at first and at most. The kernel takes the first MB of an answer whatever the client reads, so that its
  // dyno is free, and bytes that are flushed leave at once all the same. It counts its own structures too, hence twice.
  "net.ipv4.tcp_wmem": "4096 2097152 4194304",
};
