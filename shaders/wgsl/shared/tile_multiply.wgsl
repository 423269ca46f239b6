        for (var k = 0u; k < 16u; k += 4u) {
            #repeat u 4
            let above${u} = left[(k + ${u}u) * ${PITCH}u + (lane / 16u) * 2u];
            let below${u} = left[(k + ${u}u) * ${PITCH}u + (lane / 16u) * 2u + 1u];
            #repeat e EACH
            let across${u}_${e} = right[(k + ${u}u) * ${PITCH}u + lane % 16u + ${16 * e}u];
            #repeat r 4
            acc${e}_${r} = fma(vec4<f32>(above${u}[${r}]), across${u}_${e}, acc${e}_${r});
            #end
            #repeat r 4
            acc${e}_${r + 4} = fma(vec4<f32>(below${u}[${r}]), across${u}_${e}, acc${e}_${r + 4});
            #end
            #end
            #end
        }
