        for (var k = 0u; k < 16u; k++) {
            let above = left[k * 16u + (lane / 16u) * 2u];
            let below = left[k * 16u + (lane / 16u) * 2u + 1u];
            let across = right[k * 16u + lane % 16u];
            #repeat r 4
            acc${r} = fma(vec4<f32>(above[${r}]), across, acc${r});
            #end
            #repeat r 4
            acc${r + 4} = fma(vec4<f32>(below[${r}]), across, acc${r + 4});
            #end
        }
