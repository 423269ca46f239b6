#if QUERY
// The gradient of attention's queries: with p = exp(score - log_sum) computed again and delta[t, h] = out[t, h] . dout[t, h],
// ds = p (dout . v - delta) / sqrt(head_dim), dq = ds k. An invocation is one query of one head. delta is kept for `grad_key_value` where that is another dispatch.
fn grad_query(block: u32, slot: u32, lane: u32) {
    #include query_of_lane
    let from_out = slot * shape.out_slot + row * shape.out_stride + head * ${LANES}u;
    let from_dout = slot * shape.dout_slot + row * shape.out_stride + head * ${LANES}u;
    var whole = Lane(0.0);
    #repeat d LANES
    let do${d} = dout[from_dout + ${d}u];
    whole = fma(do${d}, out[from_out + ${d}u], whole);
    var dq${d} = Lane(0.0);
    #end
    let pull = lane_sum(whole);
    let log_whole = log_sum[slot * shape.log_sum_slot + row * shape.log_sum_stride + head];
    // One beyond the last key that any query of this block sees.
    let end = min(query_block * ${WORKGROUP}u + ${WORKGROUP}u, shape.context);
    #include keys_that_pass
#if SUBGROUP
            #repeat j 8
            var dot${j} = Lane(0.0);
            var dv${j} = Lane(0.0);
            #repeat d LANES
            dot${j} = fma(q${d}, subgroupBroadcast(key${d}, ${j}u), dot${j});
            dv${j} = fma(do${d}, subgroupBroadcast(value${d}, ${j}u), dv${j});
            #end
            #end
            let score_a = vec4<f32>(lane_sum(dot0), lane_sum(dot1), lane_sum(dot2), lane_sum(dot3));
            let score_b = vec4<f32>(lane_sum(dot4), lane_sum(dot5), lane_sum(dot6), lane_sum(dot7));
            let along_a = vec4<f32>(lane_sum(dv0), lane_sum(dv1), lane_sum(dv2), lane_sum(dv3));
            let along_b = vec4<f32>(lane_sum(dv4), lane_sum(dv5), lane_sum(dv6), lane_sum(dv7));
            let seen_a = vec4<u32>(s) + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(t);
            let seen_b = vec4<u32>(s) + vec4<u32>(4u, 5u, 6u, 7u) <= vec4<u32>(t);
            let ds_a = select(vec4<f32>(0.0), exp4(score_a - log_whole) * (along_a - pull) * shape.scale, seen_a);
            let ds_b = select(vec4<f32>(0.0), exp4(score_b - log_whole) * (along_b - pull) * shape.scale, seen_b);
            #repeat d LANES
            #repeat j 4
            dq${d} = fma(Lane(ds_a[${j}]), subgroupBroadcast(key${d}, ${j}u), dq${d});
            #end
            #repeat j 4
            dq${d} = fma(Lane(ds_b[${j}]), subgroupBroadcast(key${d}, ${j + 4}u), dq${d});
            #end
            #end
        }
#end
#if !SUBGROUP
            #repeat j 4
            #if TILED
            let at${j} = (s - tile + ${j}u) * ${LANES}u;
            #else
            let position${j} = min(s + ${j}u, last);
            let at${j} = position${j} * shape.stride;
            #end
            var dot${j} = Lane(0.0);
            var dv${j} = Lane(0.0);
            #end
            #repeat d LANES
            #repeat j 4
            #if TILED
            dot${j} = fma(q${d}, first_tile[at${j} + ${d}u], dot${j});
            dv${j} = fma(do${d}, second_tile[at${j} + ${d}u], dv${j});
            #else
            dot${j} = fma(q${d}, head_lane(from_keys + at${j}, position${j}, ${d}u), dot${j});
            dv${j} = fma(do${d}, qkv[from_values + at${j} + ${d}u], dv${j});
            #end
            #end
            #end
            let score = vec4<f32>(lane_sum(dot0), lane_sum(dot1), lane_sum(dot2), lane_sum(dot3));
            let along = vec4<f32>(lane_sum(dv0), lane_sum(dv1), lane_sum(dv2), lane_sum(dv3));
            let seen = vec4<u32>(s) + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(t);
            let ds = select(vec4<f32>(0.0), exp4(score - log_whole) * (along - pull) * shape.scale, seen);
            #repeat d LANES
            #if TILED
            dq${d} = fma(Lane(ds.x), first_tile[at0 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.y), first_tile[at1 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.z), first_tile[at2 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.w), first_tile[at3 + ${d}u], dq${d});
            #else
            dq${d} = fma(Lane(ds.x), head_lane(from_keys + at0, position0, ${d}u), dq${d});
            dq${d} = fma(Lane(ds.y), head_lane(from_keys + at1, position1, ${d}u), dq${d});
            dq${d} = fma(Lane(ds.z), head_lane(from_keys + at2, position2, ${d}u), dq${d});
            dq${d} = fma(Lane(ds.w), head_lane(from_keys + at3, position3, ${d}u), dq${d});
            #end
            #end
        }
#end
#if TILED
        workgroupBarrier();
    }
#end
    if (t > last) {
        return;
    }
    let to = slot * shape.dqkv_slot + row * shape.stride + head * ${LANES}u;
    #if ROTARY
    #repeat d HALF
    let back${d} = turned(dq${d}, dq${d + HALF}, t, ${d}u, -1.0);
    dqkv[to + ${d}u] = back${d}.first;
    dqkv[to + ${d + HALF}u] = back${d}.second;
    #end
    #else
    #repeat d LANES
    dqkv[to + ${d}u] = dq${d};
    #end
    #end
    #if !BESIDE
    delta[slot * shape.delta_slot + row * shape.heads + head] = pull;
    #end
}
#end
