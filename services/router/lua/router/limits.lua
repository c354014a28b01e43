-- How long is waited, in seconds.

return {
  -- For a dyno that is being started.
  hold = 60,
  -- For the first byte of a dyno's answer, and between two. nginx.conf has the second as proxy_read_timeout.
  first_byte = 30,
  silence = 55,
}
