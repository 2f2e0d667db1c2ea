-- Requests of bench/run's `server`: small answers of our API, at full speed or at a steady rate.
--
--   wrk ... -s bench/server.lua URL -- PAUSE_MS PATH...
--
-- A connection waits PAUSE_MS between two requests (0: not at all), so that n connections make n * 1000 / PAUSE_MS
-- requests a second as long as answers are quick.
local paths, pause, at = {}, 0, 0

function init(args)
    pause = tonumber(args[1]) or 0
    for i = 2, #args do
        paths[#paths + 1] = args[i]
    end
    at = math.random(#paths)
end

function request()
    at = at % #paths + 1
    return wrk.format("GET", paths[at])
end

-- Pauses differ, so that connections do not fall into step.
function delay()
    return pause == 0 and 0 or math.random(0, 2 * pause)
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("figures %d %d %f %f %d\n", summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
